// Finds where a diverged step first left the numbers.

import KernelTypes

extension Executor {
  /// Name of the first unit whose stored output of the minibatch holds a NaN or an infinity.
  func firstUnitWithoutNumbers(_ batch: Minibatch) -> String? {
    for (index, state) in states.enumerated() {
      let count = batch.count * state.pooledCount
      if !UnsafeBufferPointer(start: state.s(0), count: count).allSatisfy(\.isFinite) {
        return plan.tensors[index].name
      }
    }
    return nil
  }
}
