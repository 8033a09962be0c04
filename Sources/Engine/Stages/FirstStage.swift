// The first stage where the kernels compute it in one pass, its full-size activation never stored.
// Forward and backward stand together; both read the image alone.

import PTrainKernelTypes

extension Executor {
  /// What `forward` does, image by image.
  func forwardFirstStage(_ state: StageState, _ task: ShardTask) {
    for place in task.places {
      prepareConvolution(state.stage, place..<place + 1, task)
      kernels.firstStageForward(
        state.stage.geometry, state.producerConstants, x: task.scratch.x,
        weights: state.forwardWeights, s: state.s(place),
        moments: state.statistics(place),
        scratch: task.scratch.conv)
    }
  }

  /// The gradients of `backward`, into the worker's accumulators and the leaves' slots.
  func backwardFirstStage(_ state: StageState, _ places: Range<Int>, _ task: ShardTask) {
    for place in places {
      prepareConvolution(state.stage, place..<place + 1, task)
      kernels.firstStageBackward(
        state.stage.geometry, state.producerConstants, state.gradientFactors, x: task.scratch.x,
        weights: state.forwardWeights, dy: state.dy(place),
        accumulator: accumulator(state, place, task), biasGradient: state.biasGradient(place),
        scratch: task.scratch.conv)
    }
  }
}
