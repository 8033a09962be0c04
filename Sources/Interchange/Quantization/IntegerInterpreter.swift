// Runs a quantised network: bit for bit what TensorFlow Lite's reference kernels and the written programs
// compute.

import PTrainDatasets
import PTrainDiagnostics
import PTrainNetworks

package struct IntegerInterpreter: Sendable {
  package let network: QuantizedNetwork
  private let steps: [IntegerStep]
  /// Factors of the steps' outputs, split for the kernels.
  private let multipliers: [[Int32]]
  private let shifts: [[Int8]]
  /// Where each value lies in memory, and the end of all.
  private let places: [Int]

  package init(_ network: QuantizedNetwork) {
    self.network = network
    steps = network.integerSteps
    multipliers = steps.map { $0.factors.map(\.multiplier) }
    shifts = steps.map { $0.factors.map { Int8($0.shift) } }
    places = network.values.reduce(into: [0]) { $0.append($0.last! + $1.shape.count) }
  }

  private var classCount: Int { network.values.last!.shape.count }

  /// Images that a thread takes at a time.
  private static let chunkCount = 32

  /// Logits `[count, classes]` of every image of a set, as int8 numbers.
  package func logits(of set: ImageSet, threadCount: Int) -> [Int8] {
    let chunks = (set.count + Self.chunkCount - 1) / Self.chunkCount
    return concurrentMap(chunks, threadCount: threadCount) { chunk in
      let range = chunk * Self.chunkCount..<min((chunk + 1) * Self.chunkCount, set.count)
      return logits(of: set, range)
    }.flatMap { $0 }
  }

  private func logits(of set: ImageSet, _ range: Range<Int>) -> [Int8] {
    var memory = [Int8](repeating: 0, count: places.last!)
    var logits: [Int8] = []
    for index in range {
      set.withImage(index) { image in
        memory.withUnsafeMutableBufferPointer { run(image, $0.baseAddress!) }
      }
      logits += memory.suffix(classCount)
    }
    return logits
  }

  /// Every value of an image `[height, width, channels]`.
  package func values(of image: UnsafeBufferPointer<UInt8>) -> [[Int8]] {
    var memory = [Int8](repeating: 0, count: places.last!)
    memory.withUnsafeMutableBufferPointer { run(image, $0.baseAddress!) }
    return network.values.indices.map { Array(memory[places[$0]..<places[$0 + 1]]) }
  }

  private func run(_ image: UnsafeBufferPointer<UInt8>, _ memory: UnsafeMutablePointer<Int8>) {
    for (place, byte) in image.enumerated() { memory[place] = Int8(bitPattern: byte ^ 0x80) }
    for index in steps.indices { run(index, memory) }
  }

  private func run(_ index: Int, _ memory: UnsafeMutablePointer<Int8>) {
    let step = steps[index]
    let (input, output) = (network.values[step.inputs[0]], network.values[index + 1])
    let x = UnsafePointer(memory + places[step.inputs[0]])
    let y = memory + places[index + 1]
    let (shape, result) = (input.shape, output.shape)
    let (zero, resultZero) = (input.zeroPoint, output.zeroPoint)
    let (low, high) = (step.range.lowerBound, step.range.upperBound)
    let pixels = shape.height * shape.width
    switch step.kernel {
    case .convolve(let weights, let window, _):
      IntegerKernels.convolve(
        x, zero, shape.height, shape.width, shape.channels, weights.values, weights.bias,
        multipliers[index], shifts[index], result.channels, weights.groups, window.height,
        window.width, window.verticalStride, window.horizontalStride, window.dilation,
        window.padding.top, window.padding.left, result.height, result.width, resultZero, low,
        high, y)
    case .convolveDepthwise(let weights, let window, _):
      IntegerKernels.convolveDepthwise(
        x, zero, shape.height, shape.width, shape.channels, weights.values, weights.bias,
        multipliers[index], shifts[index], result.channels, window.height, window.width,
        window.verticalStride, window.horizontalStride, window.dilation, window.padding.top,
        window.padding.left, result.height, result.width, resultZero, low, high, y)
    case .connect(let weights, let factor):
      IntegerKernels.connect(
        x, zero, shape.count, weights.values, weights.bias, factor.high, factor.low, factor.shift,
        result.channels, resultZero, low, high, y)
    case .pool(let kind, let window):
      let pool =
        kind == .maximum ? IntegerKernels.poolMaximum : IntegerKernels.poolAverage
      pool(
        x, shape.height, shape.width, shape.channels, window.height, window.width,
        window.verticalStride, window.horizontalStride, window.padding.top, window.padding.left,
        result.height, result.width, y)
    case .average(let factor):
      IntegerKernels.average(
        x, zero, pixels, shape.channels, factor.multiplier, factor.shift, resultZero, y)
    case .add(let a, let b, let sum):
      IntegerKernels.add(
        x, zero, a.multiplier, a.shift, memory + places[step.inputs[1]],
        network.values[step.inputs[1]].zeroPoint, b.multiplier, b.shift, shape.count,
        sum.multiplier, sum.shift, resultZero, low, high, y)
    case .multiply(let factor):
      let other = network.values[step.inputs[1]]
      IntegerKernels.multiply(
        x, zero, memory + places[step.inputs[1]], other.zeroPoint, pixels,
        other.shape.height * other.shape.width, shape.channels, factor.multiplier, factor.shift,
        resultZero, low, high, y)
    case .rescale(let factor):
      IntegerKernels.rescale(
        x, zero, shape.count, factor.multiplier, factor.shift, resultZero, low, high, y)
    case .leakyRelu(let factor, let slope):
      IntegerKernels.leakyRelu(
        x, zero, shape.count, factor.multiplier, factor.shift, slope.multiplier, slope.shift,
        resultZero, y)
    case .insertChannels:
      var first = 0
      for value in step.inputs {
        let channels = network.values[value].shape.channels
        IntegerKernels.insertChannels(
          memory + places[value], pixels, channels, first, result.channels, y)
        first += channels
      }
    case .view: y.update(from: x, count: shape.count)
    }
  }
}

extension IntegerStep {
  /// Of convolutions, by output.
  var factors: [FixedPoint] {
    switch kernel {
    case .convolve(_, _, let factors), .convolveDepthwise(_, _, let factors): factors
    default: []
    }
  }
}
