// Sums over the shards of a minibatch at every rank, by the shard tree.
// A rank adds up its own subtrees, receives the others' and joins them as one process would have.

import PTrainKernelTypes
import PTrainMemory

/// Which shards of a minibatch the ranks own, and what follows from it.
struct RankShares: Sendable {
  /// Shards that this rank runs.
  let own: Range<Int>
  /// Shards of all ranks in order.
  let all: [Range<Int>]
  /// Subtrees of all ranks in order; each has a row where its sums are exchanged.
  let subtrees: [Range<Int>]
  /// Rows of each rank.
  let rows: [Range<Int>]
  let ownRows: Range<Int>
  let additions: [ShardTree.Addition]

  init(shardCount: Int, rank: Int, rankCount: Int) {
    let tree = ShardTree(shardCount: shardCount)
    let shares = tree.shares(
      of: 0..<shardCount, weights: Array(repeating: 1, count: rankCount))
    var subtrees: [Range<Int>] = []
    rows = shares.map { share in
      let first = subtrees.count
      subtrees += tree.subtrees(of: share)
      return first..<subtrees.count
    }
    all = shares
    own = shares[rank]
    ownRows = rows[rank]
    self.subtrees = subtrees
    additions = tree.additions(joining: subtrees)
  }
}

/// Exchange of subtree sums among ranks; called by the leader unless said otherwise.
final class RankSums: @unchecked Sendable {
  let communicator: any Communicator
  let kernels: any KernelSet
  private let buffer: AlignedBuffer
  private var cache: [Int: RankShares] = [:]

  /// - Parameter width: most floats of a row.
  init(
    _ communicator: any Communicator, kernels: any KernelSet, shardCapacity: Int, width: Int
  ) throws {
    self.communicator = communicator
    self.kernels = kernels
    // A range of the tree is made of at most two subtrees of each size.
    let mostRows = min(
      shardCapacity, 2 * communicator.size * (Int.bitWidth - shardCapacity.leadingZeroBitCount))
    buffer = try AlignedBuffer(count: communicator.size == 1 ? 0 : mostRows * width)
  }

  var isDistributed: Bool { communicator.size > 1 }

  /// The shares of a minibatch; computed once for each size.
  func shares(shardCount: Int) -> RankShares {
    if let shares = cache[shardCount] { return shares }
    let shares = RankShares(
      shardCount: shardCount, rank: communicator.rank, rankCount: communicator.size)
    cache[shardCount] = shares
    return shares
  }

  /// Sums `slots` over all shards of all ranks.
  ///
  /// Without other ranks, any worker may call it.
  func sum(_ slots: SlotRange, _ shares: RankShares, shardCount: Int) {
    guard isDistributed else {
      slots.reduce(
        slots.first, stride: slots.stride, slotCount: slots.slotCount(shardCount: shardCount),
        into: slots.sum, kernels)
      return
    }
    let width = slots.count
    sumSubtrees(slots, shares, column: 0, width: width)
    exchange(shares, width: width)
    join(slots, shares, column: 0, width: width)
  }

  /// Sums this rank's subtrees into its rows, from `column` on; any worker, columns apart.
  func sumSubtrees(_ slots: SlotRange, _ shares: RankShares, column: Int, width: Int) {
    for row in shares.ownRows {
      let subtree = shares.subtrees[row]
      slots.reduce(
        slots.first + subtree.lowerBound * slots.stride, stride: slots.stride,
        slotCount: subtree.count, into: self.row(row, width: width) + column, kernels)
    }
  }

  func row(_ index: Int, width: Int) -> MutableFloatPointer { buffer.pointer + index * width }

  /// Completes the rows at every rank.
  func exchange(_ shares: RankShares, width: Int) {
    communicator.gather(
      buffer.pointer, parts: shares.rows.map { $0.lowerBound * width..<$0.upperBound * width })
  }

  /// Bytes of the other ranks' rows.
  func receivedByteCount(_ shares: RankShares, width: Int) -> Int {
    (shares.subtrees.count - shares.ownRows.count) * width * MemoryLayout<Float>.stride
  }

  /// Adds up the rows in tree order, as many values from `column` on as a slot has, into the slots'
  /// sum; any worker, columns apart.
  func join(_ slots: SlotRange, _ shares: RankShares, column: Int, width: Int) {
    let rows = buffer.pointer + column
    for addition in shares.additions {
      // A tree of two slots is their sum.
      slots.reduce(
        rows + addition.target * width, stride: (addition.source - addition.target) * width,
        slotCount: 2, into: rows + addition.target * width, kernels)
    }
    slots.sum.update(from: rows, count: slots.count)
  }
}
