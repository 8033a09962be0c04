// A description with every size resolved: what both interpreters read.
// The reference runs it layer by layer, the engine compiles it into a plan.

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

/// A layer in its place.
public struct NetworkLayer: Equatable, Sendable {
  public let layer: Layer
  /// Prefix of its tensors (`conv1`, `bn2`, `fc1`), or the kind and position for layers without.
  public let name: String
  public let input: Shape
  public let output: Shape
  /// Its tensors in the block; empty for layers without parameters.
  public let tensors: [StateTensor]
}

/// A model description applied to an input size and a class count.
public struct Network: Equatable, Sendable {
  /// Most values of the block, and most values between two layers for one sample.
  public static let valueLimit = 1 << 24

  public let description: ModelDescription
  public let input: Shape
  public let classCount: Int
  public let layers: [NetworkLayer]
  public let layout: StateLayout

  /// Infers every size and names every tensor.
  ///
  /// Throws a `Failure` that names the layer where a size does not fit, where the layers end in
  /// another number of values than `classCount`, or beyond `valueLimit`.
  public init(
    description: ModelDescription, input: Shape, classCount: Int
  ) throws(Failure) {
    guard classCount >= 1 else { throw Failure(.badData, "a model needs at least one class") }
    var builder = try NetworkBuilder(input: input, classCount: classCount)
    for layer in description.layers { try builder.append(layer) }
    try builder.checkEnd()
    self.description = description
    self.input = input
    self.classCount = classCount
    layers = builder.layers
    layout = StateLayout(tensors: builder.tensors)
  }
}
