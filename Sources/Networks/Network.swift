// A description with every size resolved: what both interpreters read.
// The reference runs it layer by layer, the engine compiles it into a plan.

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
  public let description: ModelDescription
  public let input: Shape
  public let classCount: Int
  public let layers: [NetworkLayer]
  public let layout: StateLayout
}
