// The loss of a shard's logits, from which the backward pass starts; a leaf at a time.

import PTrainKernelTypes

extension Executor {
  /// Loss and correct predictions of the shard's logits; `dy` of the last stage when training.
  ///
  /// The loss of a minibatch is the mean over its samples, hence the factor `1 / count`.
  func loss(_ task: ShardTask) {
    let state = states[states.count - 1]
    forEachCall(of: state, task) { places in loss(state, places, task) }
    results.slots.joinLeaves(of: task, shard: task.resultShard, kernels)
  }

  private func loss(_ state: StageState, _ places: Range<Int>, _ task: ShardTask) {
    let losses = task.scratch.rows
    withUnsafeTemporaryAllocation(of: UInt16.self, capacity: 2 * places.count) { words in
      let labels = words.baseAddress!
      let correct = labels + places.count
      for (row, place) in places.enumerated() {
        labels[row] = task.batch.source.labels[Int(task.sample(at: place))]
      }
      kernels.crossEntropy(
        rows: places.count, classes: state.stage.value.channels,
        logits: state.s(places.lowerBound), labels: labels,
        labelSmoothing: task.mode == .training ? labelSmoothing : 0,
        gradientScale: 1 / Float(task.batch.count), losses: losses, correct: correct,
        gradient: task.mode == .training ? state.dy(places.lowerBound) : nil)
      if task.mode == .training {
        if let augmentation {
          mix(augmentation, state, places, task, labels: labels, losses: losses)
        }
        if !classWeights.isEmpty { weigh(state, places, task, labels: labels, losses: losses) }
      }
      results.record(
        task.resultShard * task.batch.sharding.leavesPerShard + task.leaf(places.lowerBound),
        loss: (0..<places.count).reduce(0) { $0 + losses[$1] },
        correctCount: (0..<places.count).reduce(0) { $0 + Int(correct[$1]) })
    }
  }

  /// Copies the shard's logits to their places among the minibatch's, `[count, classes]`.
  func copyLogits(_ task: ShardTask, to logits: MutableFloatPointer) {
    let state = states[states.count - 1]
    let classCount = state.stage.value.channels
    let moved = (task.resultShard - task.shard) * task.batch.sharding.shardSize
    forEachCall(of: state, task) { places in
      let rows = state.s(places.lowerBound)
      for (row, place) in places.enumerated() {
        for first in stride(from: 0, to: classCount, by: channelLanes) {
          // `[blocks, rows, 16]`.
          (logits + (moved + place) * classCount + first).update(
            from: rows + (first * places.count + row * channelLanes),
            count: min(channelLanes, classCount - first))
        }
      }
    }
  }

  /// Moves a part of each sample's target from its own class `a` to the class `b` of what is mixed into
  /// its image.
  ///
  /// With `m` the part, the loss `ln Σ e^t − Σ q·t` grows by `m·(t[a] − t[b])`, its gradient by `m` at
  /// `a` and `−m` at `b`.
  private func mix(
    _ augmentation: ImageAugmentation, _ state: StageState, _ places: Range<Int>,
    _ task: ShardTask, labels: UnsafePointer<UInt16>, losses: MutableFloatPointer
  ) {
    let logits = state.s(places.lowerBound)
    let gradient = state.dy(places.lowerBound)
    for (row, place) in places.enumerated() {
      guard let mix = augmentation.mix(place, task) else { return }
      func index(_ label: UInt16) -> Int {
        let (block, lane) = Int(label).quotientAndRemainder(dividingBy: channelLanes)
        return (block * places.count + row) * channelLanes + lane
      }
      let (a, b) = (index(labels[row]), index(task.batch.source.labels[Int(mix.partner)]))
      guard a != b else { continue }
      let part = (1 - labelSmoothing) * mix.share
      losses[row] += part * (logits[a] - logits[b])
      gradient[a] += part / Float(task.batch.count)
      gradient[b] -= part / Float(task.batch.count)
    }
  }

  /// Multiplies losses and gradients of a leaf's samples by the weights of their classes over the
  /// minibatch's mean weight.
  private func weigh(
    _ state: StageState, _ places: Range<Int>, _ task: ShardTask,
    labels: UnsafePointer<UInt16>, losses: MutableFloatPointer
  ) {
    let gradient = state.dy(places.lowerBound)
    for row in 0..<places.count {
      let factor = classWeights[Int(labels[row])] * task.batch.weightScale
      losses[row] *= factor
      for block in 0..<state.stage.value.blocks {
        let lanes = gradient + (block * places.count + row) * channelLanes
        for lane in 0..<channelLanes { lanes[lane] *= factor }
      }
    }
  }
}
