// The numbers of `ptrain bench kernels` and their table.

import Artifacts
import Engine
import KernelTypes
import Memory

/// The peak of one core's multiply-adds with an instruction set.
enum PeakMeasurement {
  private static let turnCount = 1 << 18
  private static let repetitions = 50

  /// Operations per second of the fastest of several runs of about a millisecond.
  static func operationsPerSecond(of kernels: any KernelSet) throws -> Double {
    let vectorCount = 2 + kernels.chainCount
    let operands = try AlignedBuffer(count: vectorCount * channelLanes)
    // Chains go from their start to 2: factor 1/2, summand 1; nothing gets tiny or huge.
    for element in 0..<operands.count {
      let vector = element / channelLanes
      operands.pointer[element] = vector == 0 ? 0.5 : Float(vector)
    }
    var fastest = Double.infinity
    for _ in 0..<repetitions {
      let start = Terminal.now()
      kernels.multiplyAddChains(turns: turnCount, operands: operands.pointer)
      fastest = min(fastest, Terminal.now() - start)
    }
    return Double(turnCount * kernels.chainCount * channelLanes * 2) / fastest
  }
}

/// Timed units of one model with one instruction set.
struct KernelTiming {
  var model: String
  var instructionSet: InstructionSet
  /// Operations per second.
  var peak: Double
  var gradientError: Double
  var units: [StageFigure]

  /// Dense layers work on a few hundred numbers and are left out.
  private var convolutions: [StageFigure] { units.filter { !$0.isDense } }

  var table: String {
    let title =
      "\(model), \(instructionSet.rawValue): peak of multiply-adds \(gigaPerSecond(peak)) GFLOP/s a "
      + "core; gradients within \(fixed(gradientError * 1e6, 1))e-6 of the reference\n"
    let header = row(
      "unit", "shape", "MFLOP", "KB", "µs/image", "GFLOP/s", "% of peak", "% executed")
    return title + header + convolutions.map(row).joined() + "\n"
  }

  private func row(_ unit: StageFigure) -> String {
    row(
      "\(unit.name) \(unit.pass.rawValue)", unit.shapeText,
      fixed(Double(unit.operationCount) * 1e-6, 2), fixed(Double(unit.byteCount) / 1000, 0),
      fixed(unit.elapsedSeconds * 1e6, 2), gigaPerSecond(unit.operationsPerSecond),
      fixed(100 * unit.operationsPerSecond / peak, 0),
      fixed(100 * unit.executedPerSecond / peak, 0))
  }

  private func row(_ cells: String...) -> String {
    let widths = [16, 30, 8, 7, 9, 9, 10, 11]
    let text = zip(cells, widths).enumerated().map { index, cell in
      index < 2
        ? cell.0 + String(repeating: " ", count: max(0, cell.1 - cell.0.count))
        : cell.0.leftPadded(to: cell.1)
    }
    return text.joined(separator: " ") + "\n"
  }

  private func gigaPerSecond(_ operationsPerSecond: Double) -> String {
    fixed(operationsPerSecond * 1e-9, 1)
  }

  var json: JSONText {
    .object([
      "model": .string(model), "instruction_set": .string(instructionSet.rawValue),
      "peak_gflops": .number(peak * 1e-9), "gradient_error": .number(gradientError),
      "units": .array(convolutions.map { $0.json(peak: peak) }),
    ])
  }
}

extension StageFigure {
  var operationsPerSecond: Double { Double(operationCount) / elapsedSeconds }
  var executedPerSecond: Double {
    Double(operationCount + recomputedOperationCount) / elapsedSeconds
  }

  /// `64x14x14 -> 32x14x14, 3x3`.
  var shapeText: String {
    let size = geometry
    return "\(size.inputChannels)x\(size.inputHeight)x\(size.inputWidth) -> "
      + "\(size.outputChannels)x\(size.outputHeight)x\(size.outputWidth), "
      + "\(size.kernelHeight)x\(size.kernelWidth)"
  }

  fileprivate func json(peak: Double) -> JSONText {
    .object([
      "unit": .string(name), "pass": .string(pass.rawValue), "shape": .string(shapeText),
      "operations": .integer(operationCount),
      "recomputed_operations": .integer(recomputedOperationCount), "bytes": .integer(byteCount),
      "microseconds_per_image": .number(elapsedSeconds * 1e6),
      "gflops": .number(operationsPerSecond * 1e-9),
      "share_of_peak": .number(operationsPerSecond / peak),
      "share_of_peak_executed": .number(executedPerSecond / peak),
    ])
  }
}
