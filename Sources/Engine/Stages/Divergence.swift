// Finds where a diverged pass first left the numbers.

import PTrainKernelTypes

extension Executor {
  /// Name of the first layer, in the order of computation, whose result in the last forward pass over the
  /// minibatch holds a NaN or an infinity: a stage's stored value, then the constants that its batch
  /// normalization made of it. Nil where all are numbers.
  func firstLayerWithoutNumbers(_ batch: Minibatch) -> String? {
    for (index, state) in states.enumerated() {
      let tensors = plan.tensors[index]
      // An affine stage stores no output; what it would hold shows in the mean that follows from it.
      let isNumber =
        state.isAffine
        ? isFinite(state, .mean)
        : (0..<batch.count).allSatisfy { isFinite(state.s($0), count: state.pooledCount) }
      if !isNumber { return tensors.name }
      guard let norm = tensors.norm else { continue }
      if !isFinite(state, .scale) || !isFinite(state, .shift) { return norm.name }
    }
    return nil
  }

  private func isFinite(_ state: StageState, _ vector: ChannelVector) -> Bool {
    isFinite(state[vector], count: state.stage.value.channels)
  }

  private func isFinite(_ values: FloatPointer, count: Int) -> Bool {
    UnsafeBufferPointer(start: values, count: count).allSatisfy(\.isFinite)
  }
}
