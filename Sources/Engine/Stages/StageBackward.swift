// A stage's backward pass over one shard.

import PTrainKernelTypes

extension Executor {
  /// From `dy` of the shard: weight and bias gradients into its slot, `dy` and sums of what it reads.
  func backward(_ index: Int, _ task: ShardTask) {
    let state = states[index]
    let bias = state.slotLayout.biasGradient
    state.biasGradient(task.shard).update(repeating: 0, count: bias.count)
    task.scratch.accumulator.update(repeating: 0, count: state.storage.accumulator)
    if state.isFused {
      backwardFirstStage(state, task)
    } else {
      forEachCall(of: state, task) { places in backward(index, places, task) }
    }
    finishWeightGradient(state, task)
  }

  private func backward(_ index: Int, _ places: Range<Int>, _ task: ShardTask) {
    let state = states[index]
    switch state.stage.work {
    case .convolution:
      prepareConvolution(state.stage, places, task)
      backwardProduct(state, places, task)
      returnConvolution(state.stage, places, task)
    case .dense:
      prepareDense(state.stage, places, task)
      backwardProduct(state, places, task)
      returnDense(state.stage, places, task)
    case .depthwise(let window): backwardDepthwise(state, window, places, task)
    case .pool(let kind, let window): backwardPool(state, kind, window, places, task)
    case .sum: backwardSum(state, places, task)
    case .concatenate: backwardConcatenation(state, places, task)
    case .multiply: backwardFactors(state, places, task)
    case .copy:
      returnGradient(
        reads[state.stage.reads.lowerBound], places, task,
        dx: outputGradient(state, places, task))
    case .quantize(let form): backwardQuantization(state, form, places, task)
    case .image: break
    case .relayout: backwardRelayout(state, places, task)
    }
  }

  private func finishWeightGradient(_ state: StageState, _ task: ShardTask) {
    if state.stage.hasTiles {
      kernels.convFinishWeightGradient(
        state.stage.geometry, accumulator: task.scratch.accumulator,
        weightGradient: state.weightGradient(task))
    } else {
      state.weightGradient(task).update(
        from: task.scratch.accumulator, count: state.storage.weightGradient)
    }
    state.gradientSlots?.join(task, kernels)
  }

  // MARK: Convolutions and dense layers

  /// From the worker's `x` and the output's gradient to weight and input gradients.
  private func backwardProduct(_ state: StageState, _ places: Range<Int>, _ task: ShardTask) {
    let stage = state.stage
    let z = activation(of: state, places, task)
    if stage.isRecomputed {
      convolve(state, places, task, z: z)
      activate(state, places, z: z, moments: nil)
    }
    let read = reads[stage.reads.lowerBound]
    let dx = read.source < 0 ? nil : task.scratch.dx
    if state.fusesOutputGradient {
      differentiateFused(state, read, places, task, z: z, dx: dx)
    } else {
      prepareOutputGradient(state, places, task, z: z)
      kernels.convBackward(
        stage.geometry(rows: places.count),
        imageCount: stage.value.isVector ? 1 : places.count, x: task.scratch.x,
        dz: task.scratch.dz, weights: state.backwardWeights,
        accumulator: task.scratch.accumulator, dx: dx, scratch: task.scratch.conv)
    }
  }

  /// Both passes of a stage whose `dz` is never stored.
  private func differentiateFused(
    _ state: StageState, _ read: Read, _ places: Range<Int>, _ task: ShardTask,
    z: MutableFloatPointer, dx: MutableFloatPointer?
  ) {
    let stage = state.stage
    let place = places.lowerBound
    let below = read.source < 0 || states[read.source].isAffine ? nil : states[read.source]
    kernels.convBackward(
      stage.geometry, stage.value.shape(rows: 1), state.producerConstants,
      state.gradientFactors, imageCount: places.count, x: task.scratch.x,
      operands: GradientOperands(
        z: z, s: stage.value.window > 1 ? state.s(place) : z, dy: state.dy(place),
        dyBelow: below.map { FloatPointer($0.dy(place)) }),
      biasGradient: state.biasGradient(task.shard), weights: state.backwardWeights,
      accumulator: task.scratch.accumulator, dx: dx, scratch: task.scratch.conv)
  }

  // MARK: The output's gradient

  /// `dz` of `places` in the layout of `z`: the value's own gradient, or the worker's `dz`.
  func outputGradient(
    _ state: StageState, _ places: Range<Int>, _ task: ShardTask
  ) -> MutableFloatPointer {
    guard !state.stage.hasPlainGradient else { return state.dy(places.lowerBound) }
    prepareOutputGradient(state, places, task, z: state.z(places.lowerBound))
    return task.scratch.dz
  }

  private func prepareOutputGradient(
    _ state: StageState, _ places: Range<Int>, _ task: ShardTask, z: MutableFloatPointer
  ) {
    let stage = state.stage
    let shape = stage.value.shape(rows: places.count)
    let geometry = stage.geometry(rows: places.count)
    for image in 0..<(stage.value.isVector ? 1 : places.count) {
      let place = places.lowerBound + image
      let imageZ = z + image * state.activationCount
      kernels.outputGradient(
        shape, state.producerConstants, state.gradientFactors, geometry, z: imageZ,
        s: stage.value.window > 1 ? state.s(place) : imageZ, dy: state.dy(place),
        dz: task.scratch.dz + image * geometry.outputGradientCount,
        biasGradient: state.biasGradient(task.shard))
    }
  }
}
