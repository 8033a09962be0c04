// Weight gradients: a slot for each shard, or, of layers with many weights, for a group of them. A worker
// takes a group's shards in their order and joins their gradients as the tree does, so that the bits are
// those of a slot for each.

import PTrainKernelTypes

/// Where a task's shard stands in its group; one worker takes the group's shards, in their order.
private struct GroupPlace {
  let group: Int
  /// Shards of the group before this one.
  private let index: Int
  /// Whether the group ends with it.
  private let isLast: Bool

  init(_ task: ShardTask, groupSize: Int) {
    (group, index) = task.shard.quotientAndRemainder(dividingBy: groupSize)
    isLast = index == groupSize - 1 || task.shard == task.batch.shardCount - 1
  }

  /// Sums that wait for this shard's: the subtrees that the shards before it make up.
  var depth: Int { index.nonzeroBitCount }

  /// How many of those sums, from the youngest on, this one joins.
  var joinCount: Int { isLast ? depth : (~index).trailingZeroBitCount }
}

/// The slots of one weight gradient.
struct GradientSlots: @unchecked Sendable {
  /// Floats of a slot.
  let count: Int
  /// Shards of a group.
  let groupSize: Int
  /// One a group; the first sum of the group that waits stands there.
  let groups: MutableFloatPointer
  /// Where the sums that wait behind it stand in those of a worker.
  private let waitingOffset: Int

  /// Weights of a layer above which groups of shards share a slot: below, one a shard takes little.
  private static let leastSharedCount = 1 << 16

  /// - Parameters:
  ///   - count: floats of a slot, whole vectors.
  ///   - waitingOffset: where `waitingCount` floats of a worker's waiting sums are the stage's.
  init(count: Int, waitingOffset: Int, memory: NodeMemory) throws {
    self.count = count
    self.waitingOffset = waitingOffset
    groupSize = Self.groupSize(count: count, memory)
    groups =
      groupSize > 1
      ? try memory.allocate(memory.groupCount(shardCount: memory.shardCapacity) * count)
      : try memory.allocateByShard(count)
  }

  private static func groupSize(count: Int, _ memory: NodeMemory) -> Int {
    count > leastSharedCount ? memory.groupSize : 1
  }

  /// Floats of sums that a worker leaves waiting between two shards of a group.
  static func waitingCount(_ count: Int, _ memory: NodeMemory) -> Int {
    groupSize(count: count, memory).trailingZeroBitCount * count
  }

  /// Where the gradient of a task's shard goes.
  func slot(_ task: ShardTask) -> MutableFloatPointer {
    let place = GroupPlace(task, groupSize: groupSize)
    return slot(place, task, depth: place.depth)
  }

  private func slot(
    _ place: GroupPlace, _ task: ShardTask, depth: Int
  ) -> MutableFloatPointer {
    depth == 0
      ? groups + place.group * count
      : task.scratch.waiting + waitingOffset + (depth - 1) * count
  }

  /// Joins the gradient of a task's shard with the sums that it completes.
  func join(_ task: ShardTask, _ kernels: any KernelSet) {
    let place = GroupPlace(task, groupSize: groupSize)
    for depth in (place.depth - place.joinCount..<place.depth).reversed() {
      let target = slot(place, task, depth: depth)
      // A tree of two slots is their sum.
      kernels.treeSum(
        slots: target, stride: slot(place, task, depth: depth + 1) - target, slotCount: 2,
        count: count,
        result: target)
    }
  }
}
