// Lowering: from lists within lists to nodes in the order in which they are computed.
// A body stands before its shortcut, branches in their order, what joins them behind them.

import PTrainDiagnostics

/// Nodes are appended in order; each reads values that are there.
struct GraphBuilder {
  var nodes: [Node] = []
  var tensors: [StateTensor] = []
  let description: ModelDescription
  let input: Shape
  let classCount: Int
  /// Values of `flatten` and `dense`, which have no place for windows, and what is made of them.
  var vectors: Set<Int> = []
  var blockCount = 0
  var nameCounts: [String: Int] = [:]

  init(_ description: ModelDescription, input: Shape, classCount: Int) throws(Failure) {
    guard boundedCount(input) != nil else {
      throw description.failure("input \(input.text) is not a size that can be trained")
    }
    self.description = description
    self.input = input
    self.classCount = classCount
  }

  /// Appends all layers; they must end in one value a class and hold something to train.
  mutating func build() throws(Failure) -> Graph {
    var value = Graph.image
    for (index, layer) in description.layers.enumerated() {
      value = try append(
        layer, reading: value, at: LayerPlace(path: [index], label: "layer \(index + 1)"))
    }
    let shape = shape(of: value)
    guard shape == Shape(channels: classCount) else {
      throw description.failure(
        "the layers end in \(shape.text) values, the data has \(classCount) classes")
    }
    guard !tensors.isEmpty else {
      throw description.failure("the layers have no parameters, there is nothing to train")
    }
    return Graph(input: input, nodes: nodes)
  }

  func shape(of value: Int) -> Shape { value < 0 ? input : nodes[value].output }

  /// Appends what a layer makes of a value, returns the value that it leaves.
  mutating func append(
    _ layer: Layer, reading value: Int, at place: LayerPlace
  ) throws(Failure) -> Int {
    switch layer {
    case .residual(let residual): try append(residual, layer, reading: value, at: place)
    case .concat(let branches): try append(branches, layer, reading: value, at: place)
    case .scale(let factor): try append(factor, layer, reading: value, at: place)
    case .repeat(let repetition): try append(repetition, layer, reading: value, at: place)
    default: try appendSingle(layer, reading: value, at: place)
    }
  }

  /// A list of layer `place`, one after the other.
  private mutating func append(
    _ layers: [Layer], ofList list: Int, of place: LayerPlace, name: String, reading value: Int
  ) throws(Failure) -> Int {
    var value = value
    for (index, layer) in layers.enumerated() {
      let item = place.item(index, ofList: list, name: name)
      value = try append(layer, reading: value, at: item)
    }
    return value
  }

  // MARK: Lists

  private mutating func append(
    _ residual: Residual, _ layer: Layer, reading value: Int, at place: LayerPlace
  ) throws(Failure) -> Int {
    let site = Site(layer, place, self)
    guard !residual.body.isEmpty else { throw site.failure("its body has no layers") }
    let body = try append(residual.body, ofList: 0, of: place, name: "body ", reading: value)
    let shortcut = try append(
      residual.shortcut, ofList: 1, of: place, name: "shortcut ", reading: value)
    let (sum, other) = (shape(of: body), shape(of: shortcut))
    guard sum == other else {
      throw site.failure(
        "the body ends in \(sum.text) values, the shortcut in \(other.text): they cannot be added")
    }
    return try add(.add, reading: [body, shortcut], output: sum, at: site)
  }

  private mutating func append(
    _ branches: [[Layer]], _ layer: Layer, reading value: Int, at place: LayerPlace
  ) throws(Failure) -> Int {
    let site = Site(layer, place, self)
    guard branches.count >= 2 else { throw site.failure("needs at least 2 branches") }
    var values: [Int] = []
    for (index, branch) in branches.enumerated() {
      values.append(
        try append(
          branch, ofList: index, of: place, name: "branch \(index + 1).", reading: value))
    }
    var output = shape(of: values[0])
    for (index, value) in values.enumerated().dropFirst() {
      let other = shape(of: value)
      guard other.height == output.height, other.width == output.width else {
        throw site.failure(
          "branch 1 ends in \(output.height)x\(output.width) pixels, branch \(index + 1) in "
            + "\(other.height)x\(other.width): they cannot be joined")
      }
      output.channels += other.channels
    }
    return try add(.concatenate, reading: values, output: output, at: site)
  }

  private mutating func append(
    _ factor: [Layer], _ layer: Layer, reading value: Int, at place: LayerPlace
  ) throws(Failure) -> Int {
    let site = Site(layer, place, self)
    guard !factor.isEmpty else { throw site.failure("has no layers") }
    let result = try append(factor, ofList: 0, of: place, name: "factor ", reading: value)
    let (shape, other) = (shape(of: value), shape(of: result))
    guard other == shape || other == Shape(channels: shape.channels) else {
      throw site.failure(
        "the factor has \(other.text) values, the input \(shape.text): it needs one a channel or "
          + "as many")
    }
    return try add(.multiply, reading: [value, result], output: shape, at: site)
  }

  private mutating func append(
    _ repetition: Repetition, _ layer: Layer, reading value: Int, at place: LayerPlace
  ) throws(Failure) -> Int {
    let site = Site(layer, place, self)
    guard LayerLimits.times.contains(repetition.times), !repetition.layers.isEmpty else {
      throw site.failure("needs layers and 1 to \(LayerLimits.nodes) times")
    }
    var value = value
    for turn in 1...repetition.times {
      value = try append(
        repetition.layers, ofList: 0, of: place, name: "turn \(turn).", reading: value)
    }
    return value
  }
}

/// A layer in its place, for names and messages.
struct Site {
  let layer: Layer
  let origin: String

  init(_ layer: Layer, _ place: LayerPlace, _ builder: GraphBuilder) {
    self.layer = layer
    origin = builder.description.origin.text(of: place, layer)
  }

  func failure(_ text: String) -> Failure { Failure(.badData, "\(origin): \(text)") }
}

/// The number of values of a shape, nil where an extent is below 1 or beyond `Network.valueLimit`.
func boundedCount(_ shape: Shape) -> Int? {
  let extents = [shape.channels, shape.height, shape.width]
  return extents.allSatisfy { $0 >= 1 } ? boundedProduct(extents) : nil
}

/// The product of positive extents, nil beyond `Network.valueLimit`.
func boundedProduct(_ extents: [Int]) -> Int? {
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
  package var text: String {
    height == 1 && width == 1 ? "\(channels)" : "\(channels)x\(height)x\(width)"
  }
}
