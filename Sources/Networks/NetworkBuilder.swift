// Shape inference: from a list of layers to sizes, names and places in the block.
// Sizes come from files, so every product is checked before it is used.

import Diagnostics

/// Layers are appended in order; each reads the shape that the one before left.
struct NetworkBuilder {
  private(set) var layers: [NetworkLayer] = []
  private(set) var tensors: [StateTensor] = []
  private let classCount: Int
  private var shape: Shape
  /// Whether a pooling or dense layer has left a plain vector, which has no place for windows.
  private var isVector = false
  private var blockCount = 0
  private var nameCounts: [String: Int] = [:]

  init(input: Shape, classCount: Int) throws(Failure) {
    let extents = [input.channels, input.height, input.width]
    guard extents.allSatisfy({ $0 >= 1 }), boundedProduct(extents) != nil else {
      throw Failure(.badData, "input \(input.text) is not a size that can be trained")
    }
    shape = input
    self.classCount = classCount
  }

  mutating func append(_ layer: Layer) throws(Failure) {
    switch layer {
    case .conv(let filters, let kernel, let stride, let padding, let bias):
      let window = Window(size: kernel, stride: stride, padding: padding)
      let output = try slide(window, layer, channels: filters)
      let weight = [filters, shape.channels, kernel, kernel]
      try add(layer, prefix: "conv", parameters(weight: weight, bias: bias), output: output)
    case .batchNorm:
      try add(layer, prefix: "bn", normalization(shape.channels), output: shape)
    case .maxPool(let size):
      let window = Window(size: size, stride: size, padding: 0)
      try add(layer, output: try slide(window, layer, channels: shape.channels))
    case .globalAveragePool:
      try refuseVector(layer)
      try add(layer, output: Shape(channels: shape.channels))
      isVector = true
    case .dense(let features, let bias):
      let weight = [features ?? classCount, try denseInput(layer)]
      try add(
        layer, prefix: "fc", parameters(weight: weight, bias: bias),
        output: Shape(channels: weight[0]))
      isVector = true
    case .relu, .sigmoid, .dropout: try add(layer, output: shape)
    }
  }

  /// The layers must end in one value a class and hold something to train.
  func checkEnd() throws(Failure) {
    guard shape == Shape(channels: classCount) else {
      throw Failure(
        .badData, "the layers end in \(shape.text) values, the data has \(classCount) classes")
    }
    guard !tensors.isEmpty else {
      throw Failure(.badData, "the layers have no parameters, there is nothing to train")
    }
  }

  // MARK: Sizes

  private struct Window {
    var size: Int
    var stride: Int
    var padding: Int

    /// Outputs along an axis of `extent`, nil where the window does not fit.
    func outputs(along extent: Int) -> Int? {
      let padded = extent + 2 * padding
      return padded < size ? nil : (padded - size) / stride + 1
    }
  }

  private func slide(
    _ window: Window, _ layer: Layer, channels: Int
  ) throws(Failure) -> Shape {
    try refuseVector(layer)
    guard window.size >= 1, window.stride >= 1, (0..<window.size).contains(window.padding),
      window.size <= Network.valueLimit
    else {
      throw failure(layer, "window, stride or padding is not a size that can be used")
    }
    guard let height = window.outputs(along: shape.height),
      let width = window.outputs(along: shape.width)
    else {
      let padding = window.padding == 0 ? "" : " with padding \(window.padding)"
      throw failure(
        layer, "input \(shape.height)x\(shape.width)\(padding) is smaller than the window")
    }
    return Shape(channels: channels, height: height, width: width)
  }

  private func refuseVector(_ layer: Layer) throws(Failure) {
    guard !isVector else {
      throw failure(layer, "input is a vector of \(shape.channels) values, needs height and width")
    }
  }

  private func denseInput(_ layer: Layer) throws(Failure) -> Int {
    guard shape.height == 1, shape.width == 1 else {
      throw failure(layer, "input \(shape.text) is not a vector, put globalAveragePool before it")
    }
    return shape.channels
  }

  // MARK: Tensors

  private typealias Part = (suffix: String, shape: [Int], role: StateTensor.Role)

  private func parameters(weight: [Int], bias: Bool) -> [Part] {
    [("weight", weight, .weight)] + (bias ? [("bias", [weight[0]], .bias)] : [])
  }

  private func normalization(_ channels: Int) -> [Part] {
    [
      ("weight", [channels], .scale), ("bias", [channels], .shift),
      ("running_mean", [channels], .runningMean), ("running_var", [channels], .runningVariance),
    ]
  }

  private mutating func add(
    _ layer: Layer, prefix: String? = nil, _ parts: [Part] = [], output: Shape
  ) throws(Failure) {
    let extents = [output.channels, output.height, output.width]
    guard extents.allSatisfy({ $0 >= 1 }), boundedProduct(extents) != nil else {
      throw failure(layer, "output \(output.text) has more than \(Network.valueLimit) values")
    }
    let name = prefix.map { numbered($0) } ?? "\(layer.kind)\(layers.count + 1)"
    let first = tensors.count
    for part in parts {
      guard let count = boundedProduct(part.shape), blockCount + count <= Network.valueLimit else {
        throw failure(layer, "the model has more than \(Network.valueLimit) parameters")
      }
      tensors.append(
        StateTensor(
          name: "\(name).\(part.suffix)", shape: part.shape, role: part.role, offset: blockCount))
      blockCount += count
    }
    layers.append(
      NetworkLayer(
        layer: layer, name: name, input: shape, output: output,
        tensors: Array(tensors[first...])))
    shape = output
  }

  private mutating func numbered(_ prefix: String) -> String {
    nameCounts[prefix, default: 0] += 1
    return "\(prefix)\(nameCounts[prefix, default: 0])"
  }

  private func failure(_ layer: Layer, _ text: String) -> Failure {
    Failure(.badData, "layer \(layers.count + 1) (\(layer.summary)): \(text)")
  }
}

/// The product of positive extents, nil beyond `Network.valueLimit`.
private func boundedProduct(_ extents: [Int]) -> Int? {
  var product = 1
  for extent in extents {
    let (value, overflow) = product.multipliedReportingOverflow(by: extent)
    guard !overflow, value <= Network.valueLimit else { return nil }
    product = value
  }
  return product
}

extension Shape {
  /// `16x7x7`, or `16` for a vector.
  var text: String { height == 1 && width == 1 ? "\(channels)" : "\(channels)x\(height)x\(width)" }
}

extension Layer {
  /// The key of a description file, for example `maxPool`.
  public var kind: String {
    switch self {
    case .conv: "conv"
    case .relu: "relu"
    case .sigmoid: "sigmoid"
    case .batchNorm: "batchNorm"
    case .maxPool: "maxPool"
    case .globalAveragePool: "globalAveragePool"
    case .dropout: "dropout"
    case .dense: "dense"
    }
  }

  /// Kind and size for messages, for example `maxPool 2`.
  var summary: String {
    switch self {
    case .conv(let filters, let kernel, _, _, _): "conv \(kernel)x\(kernel) to \(filters)"
    case .maxPool(let size): "maxPool \(size)"
    case .dropout(let rate): "dropout \(rate)"
    case .dense(let features, _): "dense " + (features.map { "\($0)" } ?? "classes")
    case .relu, .sigmoid, .batchNorm, .globalAveragePool: kind
    }
  }
}
