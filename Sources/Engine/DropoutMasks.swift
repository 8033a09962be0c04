// Dropout masks of a unit's output, drawn again wherever they are needed.
// A mask is a function of seed, epoch, sample and layer, so the backward pass sees the forward one's.

import KernelTypes

extension Executor {
  /// Mask of one image's pooled activation, or nil where nothing is dropped.
  func imageMask(_ state: UnitState, _ place: Int, _ task: ShardTask) -> FloatPointer? {
    guard let dropout = activeDropout(state, task) else { return nil }
    kernels.dropoutMask(
      maskSource(dropout, place, task), rate: dropout.rate, count: state.pooledCount,
      mask: task.scratch.mask)
    return FloatPointer(task.scratch.mask)
  }

  /// Mask of a shard's vectors, `[blocks, rows, 16]`, or nil where nothing is dropped.
  func rowMask(_ state: UnitState, _ places: Range<Int>, _ task: ShardTask) -> FloatPointer? {
    guard let dropout = activeDropout(state, task) else { return nil }
    let blocks = state.unit.geometry.outputBlocks
    for (row, place) in places.enumerated() {
      kernels.dropoutMask(
        maskSource(dropout, place, task), rate: dropout.rate, count: state.unit.lanes,
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
    _ state: UnitState, _ places: Range<Int>, _ task: ShardTask, to rows: MutableFloatPointer
  ) {
    guard let mask = rowMask(state, places, task) else { return }
    for element in 0..<state.unit.lanes * places.count { rows[element] *= mask[element] }
  }

  private func activeDropout(_ state: UnitState, _ task: ShardTask) -> Dropout? {
    guard task.mode == .training, let dropout = state.unit.dropout, dropout.rate > 0 else {
      return nil
    }
    return dropout
  }

  private func maskSource(_ dropout: Dropout, _ place: Int, _ task: ShardTask) -> MaskSource {
    MaskSource(
      seed: seed, stream: dropout.stream, sample: task.sample(at: place), epoch: task.batch.epoch)
  }
}
