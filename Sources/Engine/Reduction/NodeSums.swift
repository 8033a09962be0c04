// The first level of a reduction on several nodes: each node adds up the slots in its own memory.
// What crosses between nodes is then one row a subtree instead of one a shard.

import PTrainKernelTypes
import PTrainMemory

/// Which subtrees of a rank's shards lie on which node, and how they join.
struct NodeShares: Sendable {
  /// In order; each has a row.
  let subtrees: [Range<Int>]
  let nodes: [Int]
  let additions: [ShardTree.Addition]
  /// The row where the sum of each of the rank's subtrees ends.
  let results: [Int]

  init(shardCount: Int, own: Range<Int>, _ map: NodeMap) {
    let tree = ShardTree(shardCount: shardCount)
    var subtrees: [Range<Int>] = []
    var nodes: [Int] = []
    for node in 0..<map.nodeCount {
      let local = map.range(of: node, count: own.count)
      let parts = tree.subtrees(
        of: own.lowerBound + local.lowerBound..<own.lowerBound + local.upperBound)
      subtrees += parts
      nodes += Array(repeating: node, count: parts.count)
    }
    self.subtrees = subtrees
    self.nodes = nodes
    additions = tree.additions(joining: subtrees)
    results = tree.subtrees(of: own).map { subtree in
      subtrees.firstIndex { $0.lowerBound == subtree.lowerBound }!
    }
  }
}

/// Rows of sums, each on its subtree's node.
final class NodeSums: @unchecked Sendable {
  private let kernels: any KernelSet
  private let rows: [[MutableFloatPointer]]
  private let map: NodeMap
  private var cache: [Int: NodeShares] = [:]

  /// - Parameter width: floats of a row.
  init(_ memory: NodeMemory, kernels: any KernelSet, width: Int) throws {
    self.kernels = kernels
    map = memory.map
    let most = 2 * (Int.bitWidth - memory.shardCapacity.leadingZeroBitCount)
    rows = try (0..<memory.map.nodeCount).map { node in
      try (0..<most).map { _ in try memory.allocate(aligned(width), onNode: node) }
    }
  }

  /// The shares of a minibatch; computed once for each size, by the leader.
  func shares(shardCount: Int, own: Range<Int>) -> NodeShares {
    if let shares = cache[shardCount] { return shares }
    let shares = NodeShares(shardCount: shardCount, own: own, map)
    cache[shardCount] = shares
    return shares
  }

  /// Sums one subtree's slots into its row; any worker, rows or columns apart.
  func sum(_ slots: SlotRange, _ shares: NodeShares, row: Int, column: Int) {
    let subtree = shares.subtrees[row]
    kernels.treeSum(
      slots: slots.first + subtree.lowerBound * slots.stride, stride: slots.stride,
      slotCount: subtree.count, count: slots.count, result: pointer(shares, row) + column)
  }

  /// Joins the columns of a piece; the sum of the rank's subtree `k` goes to `result(k)`.
  func join(
    _ shares: NodeShares, column: Int, count: Int, result: (Int) -> MutableFloatPointer
  ) {
    for addition in shares.additions {
      let target = pointer(shares, addition.target) + column
      kernels.treeSum(
        slots: target, stride: pointer(shares, addition.source) + column - target, slotCount: 2,
        count: count, result: target)
    }
    for (index, row) in shares.results.enumerated() {
      result(index).update(from: pointer(shares, row) + column, count: count)
    }
  }

  private func pointer(_ shares: NodeShares, _ row: Int) -> MutableFloatPointer {
    let node = shares.nodes[row]
    return rows[node][row - shares.nodes.firstIndex(of: node)!]
  }
}
