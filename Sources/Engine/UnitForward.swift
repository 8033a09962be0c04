// A unit's forward pass over one shard, and what its backward pass computes again.

import KernelTypes

extension Executor {
  /// Fills `s` (and `z` unless recomputed; neither of an affine unit) of the shard's samples and the shard's forward sums.
  func forward(_ index: Int, _ task: ShardTask) {
    if index == 0, task.mode == .training { augmentation?.transform(task) }
    let state = states[index]
    drawDropout(state, task)
    let sums = state.slot(task.shard) + state.slotLayout.forwardSums.lowerBound
    sums.update(repeating: 0, count: state.slotLayout.forwardSums.count)
    if state.isAffine {
      sumImageMoments(state, task, sums: sums)
      return
    }
    if state.isFused {
      forwardFirstStage(state, task, sums: sums)
      return
    }
    forEachCall(of: state, task) { places in
      prepareInput(index, places, task)
      let z = activation(of: state, places, task)
      convolve(state, places, task, z: z)
      activate(state, places, z: z, sums: task.mode == .evaluation ? nil : sums)
      pool(state, places, z: z)
    }
  }

  /// Calls `body` with the places that one kernel call takes: an image group, or a dense unit's shard.
  @inline(__always)
  func forEachCall(of state: UnitState, _ task: ShardTask, _ body: (Range<Int>) -> Void) {
    let places = task.places
    let group = state.unit.isDense ? places.count : state.storage.imageGroup
    var first = places.lowerBound
    while first < places.upperBound {
      let end = min(first + group, places.upperBound)
      body(first..<end)
      first = end
    }
  }

  /// Full-size activation of a call's first image: stored, or in scratch when recomputed.
  func activation(of state: UnitState, _ places: Range<Int>, _ task: ShardTask)
    -> MutableFloatPointer
  {
    state.unit.isRecomputed ? task.scratch.z : state.z(places.lowerBound)
  }

  func convolve(
    _ state: UnitState, _ places: Range<Int>, _ task: ShardTask, z: MutableFloatPointer
  ) {
    kernels.convForward(
      state.unit.geometry(rows: places.count), imageCount: state.unit.isDense ? 1 : places.count,
      x: task.scratch.x, weights: state.forwardWeights, z: z, scratch: task.scratch.conv)
  }

  /// Bias and ReLU in place; statistics unless `sums` is nil.
  func activate(
    _ state: UnitState, _ places: Range<Int>, z: MutableFloatPointer, sums: MutableFloatPointer?
  ) {
    let shape = state.unit.shape(rows: places.count)
    let constants = state.producerConstants
    for image in 0..<(state.unit.isDense ? 1 : places.count) {
      kernels.activate(shape, constants, z: z + image * state.activationCount, sums: sums)
    }
  }

  private func pool(_ state: UnitState, _ places: Range<Int>, z: MutableFloatPointer) {
    guard state.unit.window > 1 else { return }
    let shape = state.unit.shape(rows: places.count)
    let constants = state.producerConstants
    for (image, place) in places.enumerated() {
      kernels.pool(
        shape, constants, z: z + image * state.activationCount, s: state.s(place))
    }
  }
}
