// A unit's backward pass over one shard, and the loss from which it starts.

import KernelTypes

extension Executor {
  /// From `dy` of the shard: weight and bias gradients into its slot, `dy` and sums of the unit below.
  func backward(_ index: Int, _ task: ShardTask) {
    let state = states[index]
    clearGradients(state, task)
    task.scratch.accumulator.update(repeating: 0, count: state.storage.accumulator)
    if index > 0 { clearReturned(states[index - 1], task) }
    if state.isFused {
      backwardFirstStage(state, task)
    } else {
      backwardCalls(index, task)
    }
    kernels.convFinishWeightGradient(
      state.unit.geometry, accumulator: task.scratch.accumulator,
      weightGradient: state.slot(task.shard) + state.slotLayout.weightGradient.lowerBound)
  }

  private func backwardCalls(_ index: Int, _ task: ShardTask) {
    let state = states[index]
    forEachCall(of: state, task) { places in
      prepareInput(index, places, task)
      let z = activation(of: state, places, task)
      if state.unit.isRecomputed {
        convolve(state, places, task, z: z)
        activate(state, places, z: z, sums: nil)
      }
      let dx = index == 0 ? nil : task.scratch.dx
      if state.fusesOutputGradient {
        differentiateFused(index, places, task, z: z, dx: dx)
      } else {
        prepareOutputGradient(state, places, task, z: z)
        kernels.convBackward(
          state.unit.geometry(rows: places.count),
          imageCount: state.unit.isDense ? 1 : places.count, x: task.scratch.x,
          dz: task.scratch.dz, weights: state.backwardWeights,
          accumulator: task.scratch.accumulator, dx: dx, scratch: task.scratch.conv)
      }
      if index > 0 { returnInputGradient(index, places, task) }
    }
  }

  /// Loss and correct predictions of the shard's logits; `dy` of the last unit when training.
  ///
  /// The loss of a minibatch is the mean over its samples, hence the factor `1 / count`.
  func loss(_ task: ShardTask) {
    let state = states[states.count - 1]
    let places = task.places
    let losses = task.scratch.rows
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 2 * shardSize) { bytes in
      let labels = bytes.baseAddress!
      let correct = labels + shardSize
      for (row, place) in places.enumerated() {
        labels[row] = task.batch.source.labels[Int(task.sample(at: place))]
      }
      kernels.crossEntropy(
        rows: places.count, classes: state.unit.channels, logits: state.s(places.lowerBound),
        labels: labels, labelSmoothing: task.mode == .training ? labelSmoothing : 0,
        gradientScale: 1 / Float(task.batch.count), losses: losses, correct: correct,
        gradient: task.mode == .training ? state.dy(places.lowerBound) : nil)
      results.record(
        task.shard, loss: (0..<places.count).reduce(0) { $0 + losses[$1] },
        correctCount: (0..<places.count).reduce(0) { $0 + Int(correct[$1]) })
    }
  }

  /// Both passes of a unit whose `dz` is never stored.
  private func differentiateFused(
    _ index: Int, _ places: Range<Int>, _ task: ShardTask, z: MutableFloatPointer,
    dx: MutableFloatPointer?
  ) {
    let state = states[index]
    let place = places.lowerBound
    let below = index == 0 || states[index - 1].isAffine ? nil : states[index - 1]
    kernels.convBackward(
      state.unit.geometry, state.unit.shape(rows: 1), state.producerConstants,
      state.gradientFactors, imageCount: places.count, x: task.scratch.x,
      operands: GradientOperands(
        z: z, s: state.unit.window > 1 ? state.s(place) : z, dy: state.dy(place),
        dyBelow: below.map { FloatPointer($0.dy(place)) }),
      biasGradient: state.slot(task.shard) + state.slotLayout.biasGradient.lowerBound,
      weights: state.backwardWeights, accumulator: task.scratch.accumulator, dx: dx,
      scratch: task.scratch.conv)
  }

  private func prepareOutputGradient(
    _ state: UnitState, _ places: Range<Int>, _ task: ShardTask, z: MutableFloatPointer
  ) {
    let unit = state.unit
    let shape = unit.shape(rows: places.count)
    let geometry = unit.geometry(rows: places.count)
    let biasGradient = state.slot(task.shard) + state.slotLayout.biasGradient.lowerBound
    for image in 0..<(unit.isDense ? 1 : places.count) {
      let place = places.lowerBound + image
      let imageZ = z + image * state.activationCount
      kernels.outputGradient(
        shape, state.producerConstants, state.gradientFactors, geometry, z: imageZ,
        s: unit.window > 1 ? state.s(place) : imageZ, dy: state.dy(place),
        dz: task.scratch.dz + image * geometry.outputGradientCount, biasGradient: biasGradient)
    }
  }

  private func clearGradients(_ state: UnitState, _ task: ShardTask) {
    let layout = state.slotLayout
    (state.slot(task.shard) + layout.biasGradient.lowerBound).update(
      repeating: 0, count: layout.biasGradient.count)
  }

  /// What the unit above adds to this one's slot.
  private func clearReturned(_ state: UnitState, _ task: ShardTask) {
    guard !state.isAffine else {
      let gradients = state.slotLayout.gradients
      (state.slot(task.shard) + gradients.lowerBound).update(repeating: 0, count: gradients.count)
      return
    }
    let range = state.slotLayout.backwardSums
    (state.slot(task.shard) + range.lowerBound).update(repeating: 0, count: range.count)
  }
}
