// The one master copy of parameters, running statistics, gradients and optimizer moments.
// Each is a block in state_dict order; every worker reads it, the update phase alone writes it.

import KernelTypes
import Memory
import Networks

/// Blocks of `layout.count` Floats.
final class ParameterBlock: @unchecked Sendable {
  let layout: StateLayout
  let values: MutableFloatPointer
  let gradient: MutableFloatPointer
  /// Adam's mean or SGD's velocity.
  let firstMoment: MutableFloatPointer
  /// Adam's variance.
  let secondMoment: MutableFloatPointer
  private let buffer: AlignedBuffer

  init(_ state: ModelState) throws {
    layout = state.layout
    let stride = aligned(layout.count)
    buffer = try AlignedBuffer(count: 4 * stride)
    values = buffer.pointer
    gradient = values + stride
    firstMoment = gradient + stride
    secondMoment = firstMoment + stride
    for (index, value) in state.values.enumerated() { values[index] = value }
  }

  /// A copy of parameters and running statistics.
  var state: ModelState {
    ModelState(
      layout: layout, values: Array(UnsafeBufferPointer(start: values, count: layout.count)))
  }

  func values(_ tensor: StateTensor) -> MutableFloatPointer { values + tensor.offset }
  func gradient(_ tensor: StateTensor) -> MutableFloatPointer { gradient + tensor.offset }
}
