// A stage's forward pass over one shard, and what its backward pass computes again.

import PTrainKernelTypes

extension Executor {
  /// Fills `s` (and `z` unless recomputed; neither of an affine stage) of the shard's samples and the
  /// shard's statistics.
  func forward(_ index: Int, _ task: ShardTask) {
    if index == 0, task.mode.readsTrainingImages { augmentation?.transform(task) }
    let state = states[index]
    drawDropout(state, task)
    state.slot(task.places.lowerBound).update(
      repeating: 0, count: task.leafCount * state.slotLayout.slotCount)
    if state.isAffine {
      sumImageMoments(state, task)
    } else if state.form.isFused {
      forwardFirstStage(state, task)
    } else {
      forEachCall(of: state, task) { places in
        let z = activation(of: state, places, task)
        compute(index, places, task, z: z)
        activate(state, places, z: z, sumsMoments: sumsMoments(state, task))
        pool(state, places, z: z)
      }
    }
    if sumsMoments(state, task) { state.statistics.joinLeaves(of: task, kernels) }
  }

  private func sumsMoments(_ state: StageState, _ task: ShardTask) -> Bool {
    task.mode.readsTrainingImages && state.stage.value.view.hasNorm
  }

  /// Calls `body` with the places that one kernel call takes: an image group, or a leaf where vectors
  /// are about.
  @inline(__always)
  func forEachCall(of state: StageState, _ task: ShardTask, _ body: (Range<Int>) -> Void) {
    forEachPart(of: task.places, size: state.form.callSize, body)
  }

  @inline(__always)
  func forEachPart(of places: Range<Int>, size: Int, _ body: (Range<Int>) -> Void) {
    var first = places.lowerBound
    while first < places.upperBound {
      let end = min(first + size, places.upperBound)
      body(first..<end)
      first = end
    }
  }

  /// Full-size activation of a call's first image: stored, or in scratch when recomputed.
  func activation(of state: StageState, _ places: Range<Int>, _ task: ShardTask)
    -> MutableFloatPointer
  {
    state.stage.isRecomputed ? task.scratch.z : state.z(places.lowerBound)
  }

  /// The stage's work before its epilogue: `z` of `places` from what it reads.
  func compute(_ index: Int, _ places: Range<Int>, _ task: ShardTask, z: MutableFloatPointer) {
    let state = states[index]
    switch state.stage.work {
    case .convolution:
      prepareConvolution(state.stage, places, task)
      convolve(state, places, task, z: z)
    case .dense:
      prepareDense(state.stage, places, task)
      convolve(state, places, task, z: z)
    case .depthwise(let window): forwardDepthwise(state, window, places.lowerBound, task, z: z)
    case .pool(let kind, let window): forwardPool(state, kind, window, places, task, z: z)
    case .sum: forwardSum(state.stage, places, task, z: z)
    case .concatenate: forwardConcatenation(state.stage, places, task, z: z)
    case .multiply: forwardProduct(state.stage, places, task, z: z)
    case .copy: read(source(of: state.stage), places, task, to: z)
    case .quantize(let form): forwardQuantization(state, form, places, task, z: z)
    case .image: forwardImage(state, places, task, z: z)
    case .relayout: forwardRelayout(state, places, task, z: z)
    }
  }

  /// The state of what a stage reads, or reads first.
  func source(of stage: Stage) -> StageState { states[reads[stage.reads.lowerBound].source] }

  /// From the worker's `x`.
  func convolve(
    _ state: StageState, _ places: Range<Int>, _ task: ShardTask, z: MutableFloatPointer
  ) {
    kernels.convForward(
      state.stage.geometry(rows: places.count),
      imageCount: state.stage.value.isVector ? 1 : places.count, x: task.scratch.x,
      weights: state.forwardWeights, z: z, scratch: task.scratch.conv)
  }

  /// Bias and ReLU in place, and the statistics of their leaves.
  func activate(
    _ state: StageState, _ places: Range<Int>, z: MutableFloatPointer, sumsMoments: Bool
  ) {
    let shape = state.stage.value.shape(rows: places.count)
    let constants = state.producerConstants
    for image in 0..<(state.stage.value.isVector ? 1 : places.count) {
      kernels.activate(
        shape, constants, z: z + image * state.activationCount,
        moments: sumsMoments ? state.statistics(places.lowerBound + image) : nil)
    }
  }

  private func pool(_ state: StageState, _ places: Range<Int>, z: MutableFloatPointer) {
    guard state.stage.value.window > 1 else { return }
    let shape = state.stage.value.shape(rows: places.count)
    let constants = state.producerConstants
    for (image, place) in places.enumerated() {
      kernels.pool(
        shape, constants, z: z + image * state.activationCount, s: state.s(place))
    }
  }
}
