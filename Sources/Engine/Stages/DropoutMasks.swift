// Dropout of a value: drawn once in its stage's forward pass, kept as one bit an element.
// A bit is a function of seed, epoch, sample and layer, so nothing depends on who draws it.

import PTrainKernelTypes

extension Executor {
  /// Draws the bits of the shard's samples.
  func drawDropout(_ state: StageState, _ task: ShardTask) {
    guard let dropout = activeDropout(state, task) else { return }
    for place in task.places {
      kernels.dropoutBits(
        MaskSource(
          seed: seed, stream: dropout.stream, sample: task.sample(at: place),
          epoch: task.batch.epoch),
        rate: dropout.rate, count: state.stage.value.dropoutCount, bits: state.dropoutBits(place))
    }
  }

  /// Mask of one image's pooled activation, or nil where nothing is dropped.
  func imageMask(_ state: StageState, _ place: Int, _ task: ShardTask) -> FloatPointer? {
    guard let dropout = activeDropout(state, task) else { return nil }
    kernels.dropoutMask(
      bits: state.dropoutBits(place), rate: dropout.rate, count: state.stage.value.dropoutCount,
      mask: task.scratch.mask)
    return FloatPointer(task.scratch.mask)
  }

  /// Mask of a shard's vectors, `[blocks, rows, 16]`, or nil where nothing is dropped.
  func rowMask(_ state: StageState, _ places: Range<Int>, _ task: ShardTask) -> FloatPointer? {
    guard let dropout = activeDropout(state, task) else { return nil }
    let blocks = state.stage.value.blocks
    for (row, place) in places.enumerated() {
      kernels.dropoutMask(
        bits: state.dropoutBits(place), rate: dropout.rate, count: state.stage.value.dropoutCount,
        mask: task.scratch.mask)
      for block in 0..<blocks {
        (task.scratch.rows + (block * places.count + row) * channelLanes).update(
          from: task.scratch.mask + block * channelLanes, count: channelLanes)
      }
    }
    return FloatPointer(task.scratch.rows)
  }

  /// Multiplies vectors `[blocks, rows, 16]` by their mask.
  func applyRowMask(
    _ state: StageState, _ places: Range<Int>, _ task: ShardTask, to rows: MutableFloatPointer
  ) {
    guard let mask = rowMask(state, places, task) else { return }
    for element in 0..<state.stage.value.lanes * places.count { rows[element] *= mask[element] }
  }

  private func activeDropout(_ state: StageState, _ task: ShardTask) -> Dropout? {
    guard task.mode == .training, let dropout = state.stage.value.view.dropout, dropout.rate > 0
    else {
      return nil
    }
    return dropout
  }
}
