// A quantity that every shard has in a slot of its own, and where its sum over all shards goes.

import PTrainKernelTypes

/// Slots that follow each other in memory, one a shard or a group of shards; the memory is a stage's or
/// the executor's.
struct SlotRange: @unchecked Sendable {
  /// First value of shard 0.
  var first: MutableFloatPointer
  /// Floats from one shard's slot to the next.
  var stride: Int
  /// Floats to be summed.
  var count: Int
  /// Where the sums over all shards go, `count` Floats.
  var sum: MutableFloatPointer
  /// More than 1 on one node of one rank alone.
  var shardsPerSlot = 1
  /// Whether they are `BatchMoments`, which join instead of being added.
  var joinsMoments = false

  /// Slots that the shards of a minibatch have.
  func slotCount(shardCount: Int) -> Int { partCount(shardCount, of: shardsPerSlot) }

  /// The tree over `slotCount` slots, the first at `slots`.
  func reduce(
    _ slots: FloatPointer, stride: Int, slotCount: Int, into result: MutableFloatPointer,
    _ kernels: any KernelSet
  ) {
    if joinsMoments {
      kernels.momentTree(
        slots: slots, stride: stride, slotCount: slotCount,
        blocks: (count / channelLanes - 1) / 2, result: result)
    } else {
      kernels.treeSum(
        slots: slots, stride: stride, slotCount: slotCount, count: count, result: result)
    }
  }

  /// Part of the values.
  subscript(range: Range<Int>) -> SlotRange {
    SlotRange(
      first: first + range.lowerBound, stride: stride, count: range.count,
      sum: sum + range.lowerBound, shardsPerSlot: shardsPerSlot)
  }
}

extension StageState {
  /// What the statistics of the minibatch follow from.
  var statistics: SlotRange {
    var range = shardSlots[slotLayout.statistics]
    range.joinsMoments = !isAffine
    return range
  }
  /// `(Σdy, Σdy·(s - mean))` by channel.
  var backwardSums: SlotRange { shardSlots[slotLayout.backwardSums] }
  /// Those gradients that leaves have in their slots: the bias's, of an affine stage the weights' too.
  var slotGradients: SlotRange { shardSlots[slotLayout.gradients] }
  /// Bias and weight gradients.
  var gradients: [SlotRange] {
    let weights = SlotRange(
      first: gradientSlots.groups, stride: gradientSlots.count, count: gradientSlots.count,
      sum: sums + slotLayout.weightGradient.lowerBound, shardsPerSlot: gradientSlots.groupSize)
    return [slotGradients, weights]
  }

  /// A shard's sum stands in its first leaf's slot.
  private var shardSlots: SlotRange {
    let count = slotLayout.slotCount
    return SlotRange(
      first: slot(0), stride: sharding.leavesPerShard * count, count: count, sum: sums)
  }
}

extension SlotRange {
  /// Sums the slots of a task's leaves, which stand one behind the other, into the first.
  ///
  /// `shard`: whose slots they are, unless the task's.
  func joinLeaves(of task: ShardTask, shard: Int? = nil, _ kernels: any KernelSet) {
    guard task.leafCount > 1, count > 0 else { return }
    let slot = first + (shard ?? task.shard) * stride
    reduce(
      slot, stride: stride / task.batch.sharding.leavesPerShard, slotCount: task.leafCount,
      into: slot, kernels)
  }
}

/// Summed loss and correct predictions, by leaf.
struct ShardResults: @unchecked Sendable {
  private static let width = 2
  /// Those of shards.
  let slots: SlotRange

  /// Floats for `leafCount` leaves and their sum.
  static func count(leafCount: Int) -> Int { (leafCount + 1) * width }

  /// - Parameter memory: `count(leafCount:)` Floats that outlive the value.
  init(_ memory: MutableFloatPointer, leafCount: Int, leavesPerShard: Int) {
    slots = SlotRange(
      first: memory, stride: leavesPerShard * Self.width, count: Self.width,
      sum: memory + leafCount * Self.width)
  }

  func record(_ leaf: Int, loss: Float, correctCount: Int) {
    let slot = slots.first + leaf * Self.width
    slot[0] = loss
    // Exact: a Float counts to 2^24.
    slot[1] = Float(correctCount)
  }

  /// What the last sum has left.
  var total: BatchResult {
    BatchResult(loss: Double(slots.sum[0]), correctCount: Int(slots.sum[1]))
  }
}
