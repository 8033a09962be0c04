// The one master copy of parameters, running statistics, gradients and optimizer moments.
// Each is a block in state_dict order; every worker reads it, the update phase alone writes it.

import PTrainKernelTypes
import PTrainMemory
import PTrainNetworks

/// Blocks of `layout.count` Floats.
final class ParameterBlock: @unchecked Sendable {
  let layout: StateLayout
  let values: MutableFloatPointer
  let gradient: MutableFloatPointer
  /// What the optimizer keeps of each value: Adam's mean, SGD's velocity.
  let firstMoment: MutableFloatPointer
  /// Adam's variance.
  let secondMoment: MutableFloatPointer
  /// Exponential moving average of the parameters; its statistics are those that were last measured for it.
  let average: MutableFloatPointer
  private let buffer: AlignedBuffer

  init(_ state: ModelState) throws {
    layout = state.layout
    let stride = aligned(layout.count)
    buffer = try AlignedBuffer(count: 5 * stride)
    values = buffer.pointer
    gradient = values + stride
    firstMoment = gradient + stride
    secondMoment = firstMoment + stride
    average = secondMoment + stride
    for (index, value) in state.values.enumerated() {
      values[index] = value
      average[index] = value
    }
  }

  /// What an optimizer's rule takes for `count` values of a tensor, the first at `offset` of the block.
  func piece(of tensor: StateTensor, _ offset: Int, _ count: Int) -> OptimizerPiece<Float> {
    OptimizerPiece(
      tensor: tensor, count: count, values: values + offset,
      gradient: FloatPointer(gradient + offset),
      firstMoment: firstMoment + offset, secondMoment: secondMoment + offset)
  }

  /// A copy of parameters and running statistics.
  var state: ModelState { ModelState(layout: layout, values: copy(values)) }

  /// A copy of the average and its statistics.
  var averagedState: ModelState { ModelState(layout: layout, values: copy(average)) }

  func copy(_ block: MutableFloatPointer) -> [Float] {
    Array(UnsafeBufferPointer(start: block, count: layout.count))
  }

  /// Moves the average of rows of parameters, the first at `offset`, towards those: `a += share·(p - a)`.
  func moveAverage(by share: Float, at offset: Int, _ rows: FloatRows) {
    for row in 0..<rows.count {
      let first = offset + row * rows.stride
      for index in first..<first + rows.length {
        average[index] += share * (values[index] - average[index])
      }
    }
  }

  /// Exchanges parameters and average.
  func swapAverage() {
    for index in 0..<layout.count { swap(&values[index], &average[index]) }
  }

  func values(_ tensor: StateTensor) -> MutableFloatPointer { values + tensor.offset }
  func gradient(_ tensor: StateTensor) -> MutableFloatPointer { gradient + tensor.offset }
}
