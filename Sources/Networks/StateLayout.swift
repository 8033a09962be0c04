// Names, shapes and places of every parameter and running statistic in one contiguous block.
// The optimizer, the all-reduce, the digest and the checkpoint each are one pass over that block.

/// A named tensor of the block, in PyTorch's state_dict naming.
package struct StateTensor: Equatable, Sendable {
  package enum Role: String, Equatable, Sendable {
    case weight, bias, scale, shift, runningMean, runningVariance
  }
  /// `conv1.weight`, `bn1.running_mean`, `fc2.bias` …
  package let name: String
  /// PyTorch's shape, for example `[out, in, kernel, kernel]`.
  package let shape: [Int]
  package let role: Role
  /// First element in the block.
  package let offset: Int

  package init(name: String, shape: [Int], role: Role, offset: Int) {
    self.name = name
    self.shape = shape
    self.role = role
    self.offset = offset
  }

  package var count: Int { shape.reduce(1, *) }
  package var range: Range<Int> { offset..<offset + count }
  /// Whether an optimizer changes it.
  package var isTrainable: Bool { role != .runningMean && role != .runningVariance }
}

/// The block's tensors in state_dict order, without gaps.
package struct StateLayout: Equatable, Sendable {
  package let tensors: [StateTensor]

  package init(tensors: [StateTensor]) { self.tensors = tensors }

  /// Elements of the block, running statistics included.
  package var count: Int { tensors.last.map { $0.offset + $0.count } ?? 0 }
  /// Parameters as frameworks count them, running statistics not included.
  package var parameterCount: Int { tensors.filter(\.isTrainable).reduce(0) { $0 + $1.count } }
  package subscript(name: String) -> StateTensor? { tensors.first { $0.name == name } }
}

/// A model's parameters and running statistics.
package struct ModelState: Equatable, Sendable {
  package let layout: StateLayout
  /// `layout.count` values in state_dict order.
  package var values: [Float]

  package init(layout: StateLayout, values: [Float]) {
    precondition(values.count == layout.count)
    self.layout = layout
    self.values = values
  }

  /// A tensor's values by name.
  package subscript(name: String) -> [Float]? { layout[name].map { Array(values[$0.range]) } }
}
