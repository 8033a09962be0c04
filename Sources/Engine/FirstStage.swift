// The first unit where the kernels compute it in one pass, its full-size activation never stored.
// Forward and backward stand together; both read the image alone.

import KernelTypes

extension Executor {
  /// What `forward` does, image by image.
  func forwardFirstStage(_ state: UnitState, _ task: ShardTask, sums: MutableFloatPointer) {
    for place in task.places {
      prepareInput(0, place..<place + 1, task)
      kernels.firstStageForward(
        state.unit.geometry, state.producerConstants, x: task.scratch.x,
        weights: state.forwardWeights, s: state.s(place), sums: sums, scratch: task.scratch.conv)
    }
  }

  /// The gradients of `backward`, into the worker's accumulator and the shard's slot.
  func backwardFirstStage(_ state: UnitState, _ task: ShardTask) {
    let biasGradient = state.slot(task.shard) + state.slotLayout.biasGradient.lowerBound
    for place in task.places {
      prepareInput(0, place..<place + 1, task)
      kernels.firstStageBackward(
        state.unit.geometry, state.producerConstants, state.gradientFactors, x: task.scratch.x,
        weights: state.forwardWeights, dy: state.dy(place),
        accumulator: task.scratch.accumulator, biasGradient: biasGradient,
        scratch: task.scratch.conv)
    }
  }
}
