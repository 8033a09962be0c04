// A description with every size resolved: what both interpreters read.
// The reference runs its graph node by node, the engine compiles it into a plan.

import PTrainDiagnostics

/// Size of one sample between two layers, `[channels, height, width]`; flat vectors are `[n, 1, 1]`.
public struct Shape: Equatable, Sendable {
  public var channels: Int
  public var height: Int
  public var width: Int

  public init(channels: Int, height: Int = 1, width: Int = 1) {
    self.channels = channels
    self.height = height
    self.width = width
  }

  public var count: Int { channels * height * width }
}

/// A model description applied to an input size and a class count.
package struct Network: Equatable, Sendable {
  /// Most values of the block, and most values of a node's output for one sample.
  package static let valueLimit = 1 << 24
  /// Most classes.
  package static let classLimit = 65_535

  package let description: ModelDescription
  package let input: Shape
  package let classCount: Int
  package private(set) var graph: Graph
  package let layout: StateLayout

  /// Infers every size and names every tensor.
  ///
  /// Throws a `Failure` that names the layer where a size does not fit, where the layers end in
  /// another number of values than `classCount`, or beyond `valueLimit`.
  package init(
    description: ModelDescription, input: Shape, classCount: Int
  ) throws(Failure) {
    guard (1...Self.classLimit).contains(classCount) else {
      throw Failure(.badData, "a model needs 1 to \(Self.classLimit) classes, not \(classCount)")
    }
    var builder = try GraphBuilder(description, input: input, classCount: classCount)
    graph = try builder.build()
    self.description = description
    self.input = input
    self.classCount = classCount
    layout = StateLayout(tensors: builder.tensors)
  }

  /// The same parameters on another graph, whose nodes have the same tensors.
  func replacing(_ graph: Graph) -> Network {
    var network = self
    network.graph = graph
    return network
  }

  /// Values of the first `count` layers with parameters: those that `freeze` keeps, at the block's start.
  ///
  /// Throws `badData` where no layer would be left to train.
  func valueCount(ofLayers count: Int) throws(Failure) -> Int {
    let layers = graph.nodes.filter { !$0.tensors.isEmpty }
    guard count < layers.count else {
      throw Failure(
        .badData,
        "freeze: \(count) layers, but \(description.name) has \(layers.count) with parameters; "
          + "expected up to \(layers.count - 1)")
    }
    return layers.prefix(count).flatMap(\.tensors).reduce(0) { $0 + $1.count }
  }

  /// Names of the tensors whose shape may depend on the classes: those of the last layer with weights and
  /// of what follows it.
  package var headTensorNames: Set<String> {
    guard let head = graph.nodes.lastIndex(where: { $0.tensor(.weight) != nil }) else { return [] }
    return Set(graph.nodes[head...].flatMap(\.tensors).map(\.name))
  }

  /// Products of convolutions and dense layers for one sample.
  package var multiplyAdds: Int {
    graph.nodes.reduce(0) { sum, node in
      guard let weight = node.tensor(.weight) else { return sum }
      return sum + weight.count * node.output.height * node.output.width
    }
  }
}
