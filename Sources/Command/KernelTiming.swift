// The numbers of `ptrain bench kernels` and their table.

import PTrainArtifacts
import PTrainEngine
import PTrainKernelTypes
import PTrainMemory

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

/// How fast one core copies between two buffers that its L2 cache holds.
enum CopyMeasurement {
  private static let byteCount = 192 << 10
  private static let repetitions = 2000

  /// Bytes read and written per second in the fastest of many copies.
  static func bytesPerSecond() throws -> Double {
    let count = byteCount / MemoryLayout<Float>.size
    let (source, target) = (try AlignedBuffer(count: count), try AlignedBuffer(count: count))
    var fastest = Double.infinity
    for _ in 0..<repetitions {
      let start = Terminal.now()
      target.pointer.update(from: source.pointer, count: count)
      fastest = min(fastest, Terminal.now() - start)
    }
    return Double(2 * byteCount) / fastest
  }
}

/// What one core reaches with the simplest loops.
struct CoreLimits {
  /// Operations per second.
  var peak: Double
  /// Bytes per second.
  var copy: Double
}

/// Timed units of one model with one instruction set.
struct KernelTiming {
  var model: String
  var instructionSet: InstructionSet
  var limits: CoreLimits
  /// Of a training step, and what the reference's own rounding in Float leads to.
  var gradientError: Double
  var floatError: Double
  var units: [StageFigure]

  /// Dense layers work on a few hundred numbers and are left out.
  private var convolutions: [StageFigure] { units.filter { !$0.isDense } }

  var table: String {
    let title =
      "\(model), \(instructionSet.rawValue): peak of multiply-adds \(giga(limits.peak)) GFLOP/s a core, "
      + "copies in L2 \(giga(limits.copy)) GB/s; gradients within \(fixed(gradientError * 1e6, 1))e-6 of "
      + "the reference, whose own in float are within \(fixed(floatError * 1e6, 1))e-6\n"
    let header = row(
      "unit", "shape", "MFLOP", "KB", "in flight", "µs/image", "GFLOP/s", "% of peak",
      "% executed", "GB/s", "% of copy")
    return title + header + convolutions.map(row).joined() + "\n"
  }

  private func row(_ unit: StageFigure) -> String {
    let counts = unit.operationCount > 0
    return row(
      "\(unit.name) \(unit.pass.rawValue)", unit.shape,
      counts ? fixed(Double(unit.operationCount) * 1e-6, 2) : "-",
      fixed(Double(unit.byteCount) / 1000, 0),
      unit.bytesInFlight > 0 ? fixed(Double(unit.bytesInFlight) / 1000, 0) : "-",
      fixed(unit.elapsedSeconds * 1e6, 2),
      counts ? giga(unit.operationsPerSecond) : "-",
      counts ? fixed(100 * unit.operationsPerSecond / limits.peak, 0) : "-",
      counts ? fixed(100 * unit.executedPerSecond / limits.peak, 0) : "-",
      giga(unit.bytesPerSecond), fixed(100 * unit.bytesPerSecond / limits.copy, 0))
  }

  private func row(_ cells: String...) -> String {
    let widths = [20, 42, 8, 7, 9, 9, 9, 10, 11, 8, 10]
    let text = zip(cells, widths).enumerated().map { index, cell in
      index < 2
        ? cell.0 + String(repeating: " ", count: max(0, cell.1 - cell.0.count))
        : cell.0.leftPadded(to: cell.1)
    }
    return text.joined(separator: " ") + "\n"
  }

  private func giga(_ perSecond: Double) -> String { fixed(perSecond * 1e-9, 1) }

  var json: JSONText {
    .object([
      "model": .string(model), "instruction_set": .string(instructionSet.rawValue),
      "peak_gflops": .number(limits.peak * 1e-9), "copy_gbytes": .number(limits.copy * 1e-9),
      "gradient_error": .number(gradientError), "float_gradient_error": .number(floatError),
      "units": .array(convolutions.map { $0.json(limits) }),
    ])
  }
}

extension StageFigure {
  var operationsPerSecond: Double { Double(operationCount) / elapsedSeconds }
  var executedPerSecond: Double {
    Double(operationCount + recomputedOperationCount) / elapsedSeconds
  }
  var bytesPerSecond: Double { Double(byteCount) / elapsedSeconds }

  fileprivate func json(_ limits: CoreLimits) -> JSONText {
    .object([
      "unit": .string(name), "pass": .string(pass.rawValue), "shape": .string(shape),
      "operations": .integer(operationCount),
      "recomputed_operations": .integer(recomputedOperationCount), "bytes": .integer(byteCount),
      "bytes_in_flight": .integer(bytesInFlight),
      "microseconds_per_image": .number(elapsedSeconds * 1e6),
      "gflops": .number(operationsPerSecond * 1e-9),
      "share_of_peak": .number(operationsPerSecond / limits.peak),
      "share_of_peak_executed": .number(executedPerSecond / limits.peak),
      "gbytes_per_second": .number(bytesPerSecond * 1e-9),
      "share_of_copy": .number(bytesPerSecond / limits.copy),
    ])
  }
}
