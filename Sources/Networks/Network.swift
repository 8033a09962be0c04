// A description with every size resolved: what both interpreters read.
// The reference runs its graph node by node, the engine compiles it into a plan.

import Diagnostics

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
public struct Network: Equatable, Sendable {
  /// Most values of the block, and most values of a node's output for one sample.
  public static let valueLimit = 1 << 24

  public let description: ModelDescription
  public let input: Shape
  public let classCount: Int
  public let graph: Graph
  public let layout: StateLayout

  /// Infers every size and names every tensor.
  ///
  /// Throws a `Failure` that names the layer where a size does not fit, where the layers end in
  /// another number of values than `classCount`, or beyond `valueLimit`.
  public init(
    description: ModelDescription, input: Shape, classCount: Int
  ) throws(Failure) {
    guard classCount >= 1 else { throw Failure(.badData, "a model needs at least one class") }
    var builder = try GraphBuilder(description, input: input, classCount: classCount)
    graph = try builder.build()
    self.description = description
    self.input = input
    self.classCount = classCount
    layout = StateLayout(tensors: builder.tensors)
  }

  /// Products of convolutions and dense layers for one sample.
  public var multiplyAdds: Int {
    graph.nodes.reduce(0) { sum, node in
      guard let weight = node.tensor(.weight) else { return sum }
      return sum + weight.count * node.output.height * node.output.width
    }
  }
}
