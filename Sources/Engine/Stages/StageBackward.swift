// A stage's backward pass over one shard.

import PTrainKernelTypes

extension Executor {
  /// From `dy` of the shard: weight and bias gradients into its slots, `dy` and sums of what it reads.
  func backward(_ index: Int, _ task: ShardTask) {
    let state = states[index]
    let (leafSize, leavesInFlight) = (state.sharding.leafSize, state.form.leavesInFlight)
    forEachPart(of: task.places, size: leavesInFlight * leafSize) { leaves in
      if state.form.isFused || !state.stage.hasTiles {
        task.scratch.accumulators.update(
          repeating: 0, count: leavesInFlight * state.form.accumulatorStride)
      }
      forEachPart(of: leaves, size: state.form.callSize) { places in
        if state.form.isFused {
          backwardFirstStage(state, places, task)
        } else {
          backward(index, places, task)
        }
      }
      forEachPart(of: leaves, size: leafSize) { finishWeightGradient(state, $0.lowerBound, task) }
    }
    joinWeightGradients(state, task)
    state.slotGradients.joinLeaves(of: task, kernels)
    for read in state.stage.reads where reads[read].completes {
      let source = states[reads[read].source]
      let sums = source.isAffine ? source.slotGradients : source.backwardSums
      sums.joinLeaves(of: task, kernels)
    }
  }

  /// Where a place's weight gradient is summed.
  func accumulator(_ state: StageState, _ place: Int, _ task: ShardTask) -> MutableFloatPointer {
    task.scratch.accumulators
      + task.leaf(place) % state.form.leavesInFlight * state.form.accumulatorStride
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
    case .depthwise(let window): backwardDepthwise(state, window, places.lowerBound, task)
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

  /// The sum of a place's leaf as its gradient: the shard's where it has no other leaf.
  private func finishWeightGradient(_ state: StageState, _ place: Int, _ task: ShardTask) {
    let slots = state.gradientSlots
    guard slots.count > 0 else { return }
    let gradient =
      task.leafCount > 1
      ? task.scratch.leafGradients + task.leaf(place) * slots.count : slots.slot(task)
    if state.stage.hasTiles {
      kernels.convFinishWeightGradient(
        state.stage.geometry, accumulator: accumulator(state, place, task),
        weightGradient: gradient)
    } else {
      gradient.update(
        from: accumulator(state, place, task), count: state.form.storage.weightGradient)
    }
  }

  /// The leaves' gradients as the shard's, and that joined with its group's.
  private func joinWeightGradients(_ state: StageState, _ task: ShardTask) {
    let slots = state.gradientSlots
    guard slots.count > 0 else { return }
    if task.leafCount > 1 {
      kernels.treeSum(
        slots: task.scratch.leafGradients, stride: slots.count, slotCount: task.leafCount,
        count: slots.count, result: slots.slot(task))
    }
    slots.join(task, kernels)
  }

  /// How the images of a call, the first of them at `place`, sum.
  private func callLeaves(_ state: StageState, _ place: Int) -> CallLeaves {
    let leafSize = state.sharding.leafSize
    return CallLeaves(
      imageCount: leafSize, overwrites: place % leafSize == 0,
      accumulatorStride: state.form.accumulatorStride, biasStride: state.slotLayout.slotCount)
  }

  // MARK: Convolutions and dense layers

  /// From the worker's `x` and the output's gradient to weight and input gradients.
  private func backwardProduct(_ state: StageState, _ places: Range<Int>, _ task: ShardTask) {
    let stage = state.stage
    let z = activation(of: state, places, task)
    if stage.isRecomputed {
      convolve(state, places, task, z: z)
      activate(state, places, z: z, sumsMoments: false)
    }
    let read = reads[stage.reads.lowerBound]
    let dx = read.source < 0 ? nil : task.scratch.dx
    if state.form.fusesOutputGradient {
      differentiateFused(state, read, places, task, z: z, dx: dx)
    } else {
      prepareOutputGradient(state, places, task, z: z)
      kernels.convBackward(
        stage.geometry(rows: places.count),
        imageCount: stage.value.isVector ? 1 : places.count,
        leaves: callLeaves(state, places.lowerBound),
        x: task.scratch.x, dz: task.scratch.dz, weights: state.backwardWeights,
        accumulator: accumulator(state, places.lowerBound, task), dx: dx,
        scratch: task.scratch.conv)
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
      state.gradientFactors, imageCount: places.count, leaves: callLeaves(state, place),
      x: task.scratch.x,
      operands: GradientOperands(
        z: z, s: stage.value.window > 1 ? state.s(place) : z, dy: state.dy(place),
        dyBelow: below.map { FloatPointer($0.dy(place)) }),
      biasGradient: state.biasGradient(place), weights: state.backwardWeights,
      accumulator: accumulator(state, place, task), dx: dx, scratch: task.scratch.conv)
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
      differentiateBlocks(
        0..<shape.blocks, state, shape, geometry, places.lowerBound + image,
        z: z + image * state.activationCount,
        to: task.scratch.dz + image * geometry.outputGradientCount)
    }
  }

  /// `dz` of some blocks of a place's output in the layout that `geometry`, theirs, gives it; `shape` and `z`
  /// are those of all.
  func differentiateBlocks(
    _ blocks: Range<Int>, _ state: StageState, _ shape: ActivationShape,
    _ geometry: ConvGeometry, _ place: Int, z: MutableFloatPointer, to dz: MutableFloatPointer
  ) {
    let first = blocks.lowerBound
    let part = shape.withBlocks(blocks.count)
    let blockZ = z + first * (shape.count / shape.blocks)
    let pooled = first * (shape.pooledCount / shape.blocks)
    kernels.outputGradient(
      part, state.producerConstants.from(block: first), state.gradientFactors.from(block: first),
      geometry, z: blockZ, s: shape.window > 1 ? state.s(place) + pooled : blockZ,
      dy: state.dy(place) + pooled, dz: dz,
      biasGradient: state.biasGradient(place) + first * channelLanes)
  }
}
