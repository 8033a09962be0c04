// Quantised networks as tests need them: every step of 8-bit integers, and images to run them on.

import PTrainArtifacts
import PTrainDatasets
import PTrainNetworks

@testable import PTrainInterchange

enum QuantizedSample {
  /// Every operation that 8-bit integers have, values that several steps read, clamps fused and not.
  static let layers = """
    name: integers
    layers:
      - conv: {filters: 6, kernel: [3, 2], stride: [1, 2], padding: 1}
      - batchNorm
      - leakyRelu: 0.1
      - residual: [{conv: {filters: 6, padding: 1, groups: 2, bias: false}}, batchNorm, relu6]
      - concat: [[{maxPool: {size: 3, stride: 1, padding: 1}}], [{conv: {filters: 5, kernel: 1}}, relu], []]
      - scale: [globalAveragePool, {conv: {filters: 17, kernel: 1}}, relu6]
      - scale: [{conv: {filters: 17, kernel: 1}}, relu]
      - depthwise: {kernel: 3, stride: 2, padding: same, multiplier: 2}
      - relu6
      - averagePool: {size: 2, stride: 1, padding: 1}
      - conv: {filters: 7, kernel: 2, dilation: 2}
      - relu
      - batchNorm
      - maxPool: {size: 2, stride: 1}
      - relu
      - concat: [[flatten], [globalMaxPool]]
      - batchNorm
      - dense: 9
      - batchNorm
      - concat: [[relu], [{dense: 4}]]
      - dense: classes
    """

  static func model(_ description: ModelDescription, _ input: Shape) throws -> TrainedModel {
    try .sample(description, input, mean: 0.3, step: 0.15)
  }

  static func model(_ input: Shape) throws -> TrainedModel {
    try model(.parse(yaml: layers, source: "test"), input)
  }

  /// Soft patterns with some noise, of every grey value.
  static func images(_ input: Shape, count: Int) throws -> ImageSet {
    var state: UInt32 = 1
    var bytes: [UInt8] = []
    for index in 0..<count * input.count {
      state = state &* 1_664_525 &+ 1_013_904_223
      let image = index / input.count
      let wave = (index * (image % 7 + 1) / 5 + image * 31) % 256
      bytes.append(UInt8(truncatingIfNeeded: (wave * 3 + Int(state >> 24)) / 4))
    }
    return try ImageSet(
      height: input.height, width: input.width, channels: input.channels, images: bytes,
      labels: (0..<count).map { UInt16($0 % 5) })
  }

  static func quantized(_ model: TrainedModel, ranges: RangeMethod = .leastSquares) throws
    -> QuantizedNetwork
  {
    let images = try images(model.network.input, count: 40)
    return try model.quantized(
      CalibrationImages(images, count: 30, threadCount: 2), ranges: ranges)
  }

  /// A line for each image: the class and the logits of the interpreter.
  static func answers(_ network: QuantizedNetwork, _ images: ImageSet) -> [String] {
    let classes = network.values.last!.shape.count
    let logits = IntegerInterpreter(network).logits(of: images, threadCount: 2)
    return (0..<images.count).map { index in
      let row = Array(logits[index * classes..<(index + 1) * classes])
      return ([row.firstIndex(of: row.max()!)!] + row.map { Int($0) }).map(String.init)
        .joined(separator: " ")
    }
  }
}

extension ImageSet {
  /// All images, one after the other.
  var allBytes: [UInt8] { (0..<count).flatMap { withImage($0) { Array($0) } } }
}
