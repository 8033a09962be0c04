// A network in 8-bit integers as tests of files need it: every operation, each number told apart.

import PTrainNetworks

@testable import PTrainInterchange

extension QuantizedNetwork {
  /// Images of 6x6 pixels and 2 channels, 3 classes; `averagePadding` around its average pool.
  static func sample(averagePadding: Int = 0) -> QuantizedNetwork {
    var network = QuantizedNetwork(
      name: "sample",
      values: [
        QuantizedValue(
          shape: Shape(channels: 2, height: 6, width: 6), scale: 1 / 255, zeroPoint: -95)
      ],
      steps: [])
    let square = Window(height: 3, width: 3, padding: Padding(top: 1, left: 1, bottom: 1, right: 1))
    var strided = square
    (strided.verticalStride, strided.horizontalStride) = (2, 2)
    let plane = Shape(channels: 4, height: 6, width: 6)
    let small = Shape(channels: 4, height: 3, width: 3)
    network.append("conv1", .convolution(.sample([4, 3, 3, 2]), square), [0], plane, .relu)
    network.append(
      "conv2", .depthwiseConvolution(.sample([1, 3, 3, 4]), strided), [1], small, .relu6)
    network.append("maxPool3", .pool(.maximum, strided), [1], small)
    network.append("add4", .add, [2, 3], small, .relu)
    network.append("leakyRelu5", .leakyRelu(slope: 0.25), [4], small)
    network.append(
      "conv3", .convolution(.sample([4, 1, 1, 2], groups: 2), Window(height: 1, width: 1)), [5],
      small)
    network.append("concatenate7", .concatenate, [5, 6], Shape(channels: 8, height: 3, width: 3))
    network.append("relu8", .rescale, [7], Shape(channels: 8, height: 3, width: 3), .relu6)
    network.append("mean9", .mean, [8], Shape(channels: 8))
    network.append("multiply10", .multiply, [8, 9], Shape(channels: 8, height: 3, width: 3))
    let pad = averagePadding
    let extent = (3 + 2 * pad - 2) / 2 + 1
    network.append(
      "averagePool11",
      .pool(
        .average,
        Window(
          height: 2, width: 2, verticalStride: 2, horizontalStride: 2,
          padding: Padding(top: pad, left: pad, bottom: pad, right: pad))),
      [10], Shape(channels: 8, height: extent, width: extent))
    let features = 8 * extent * extent
    network.append("flatten12", .flatten, [11], Shape(channels: features))
    network.append("rescale13", .rescale, [12], Shape(channels: features))
    network.append("fc1", .dense(.sample([3, features])), [13], Shape(channels: 3))
    return network
  }

  /// What keeps its input's numbers keeps its form.
  private mutating func append(
    _ name: String, _ operation: QuantizedOperation, _ inputs: [Int], _ shape: Shape,
    _ activation: FusedActivation = .none
  ) {
    var value = QuantizedValue(
      shape: shape, scale: 0.01 * Float(values.count), zeroPoint: -values.count)
    switch operation {
    case .pool, .flatten:
      (value.scale, value.zeroPoint) = (values[inputs[0]].scale, values[inputs[0]].zeroPoint)
    case .concatenate:
      for input in inputs {
        (values[input].scale, values[input].zeroPoint) = (value.scale, value.zeroPoint)
      }
    default: break
    }
    values.append(value)
    steps.append(
      QuantizedStep(operation: operation, inputs: inputs, activation: activation, name: name))
  }
}

extension QuantizedWeights {
  fileprivate static func sample(_ shape: [Int], groups: Int = 1) -> QuantizedWeights {
    let outputs = shape.count == 2 || shape[0] > 1 ? shape[0] : shape[3]
    return QuantizedWeights(
      shape: shape, groups: groups,
      values: (0..<shape.reduce(1, *)).map { Int8($0 * 37 % 255 - 127) },
      scales: (0..<(shape.count == 2 ? 1 : outputs)).map { 0.002 + 0.001 * Float($0) },
      bias: (0..<outputs).map { Int32($0 * 1000 - 500) })
  }
}

extension QuantizedOperation {
  /// Of convolutions and dense layers.
  var weights: QuantizedWeights? {
    switch self {
    case .convolution(let weights, _), .depthwiseConvolution(let weights, _), .dense(let weights):
      weights
    default: nil
    }
  }
}
