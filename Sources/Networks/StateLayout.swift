// Names, shapes and places of every parameter and running statistic in one contiguous block.
// The optimizer, the all-reduce, the digest and the checkpoint each are one pass over that block.

/// A named tensor of the block, in PyTorch's state_dict naming.
public struct StateTensor: Equatable, Sendable {
  public enum Role: String, Equatable, Sendable {
    case weight, bias, scale, shift, runningMean, runningVariance
  }
  /// `conv1.weight`, `bn1.running_mean`, `fc2.bias` …
  public let name: String
  /// PyTorch's shape, for example `[out, in, kernel, kernel]`.
  public let shape: [Int]
  public let role: Role
  /// First element in the block.
  public let offset: Int

  public init(name: String, shape: [Int], role: Role, offset: Int) {
    self.name = name
    self.shape = shape
    self.role = role
    self.offset = offset
  }

  public var count: Int { shape.reduce(1, *) }
  public var range: Range<Int> { offset..<offset + count }
  /// Whether an optimizer changes it.
  public var isTrainable: Bool { role != .runningMean && role != .runningVariance }
}

/// The block's tensors in state_dict order, without gaps.
public struct StateLayout: Equatable, Sendable {
  public let tensors: [StateTensor]

  public init(tensors: [StateTensor]) { self.tensors = tensors }

  /// Elements of the block, running statistics included.
  public var count: Int { tensors.last.map { $0.offset + $0.count } ?? 0 }
  /// Parameters as frameworks count them, running statistics not included.
  public var parameterCount: Int { tensors.filter(\.isTrainable).reduce(0) { $0 + $1.count } }
  public subscript(name: String) -> StateTensor? { tensors.first { $0.name == name } }
}

/// A model's parameters and running statistics.
public struct ModelState: Equatable, Sendable {
  public let layout: StateLayout
  /// `layout.count` values in state_dict order.
  public var values: [Float]

  public init(layout: StateLayout, values: [Float]) {
    precondition(values.count == layout.count)
    self.layout = layout
    self.values = values
  }

  /// A tensor's values by name.
  public subscript(name: String) -> [Float]? { layout[name].map { Array(values[$0.range]) } }
}
