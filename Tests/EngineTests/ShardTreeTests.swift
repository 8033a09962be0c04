// Subtrees summed apart and joined give the bits of one tree over all slots, however shards are shared.

import PTrainKernels
import Testing

@testable import PTrainEngine

@Suite struct ShardTreeTests {
  /// Values whose sum depends on the order of additions.
  private static func value(_ shard: Int) -> Float {
    Float(shard % 7 + 1) / Float(shard % 11 + 3) * (shard % 3 == 0 ? 1e4 : 1)
  }

  /// The definition, level by level.
  private static func sum(_ slots: [Float]) -> Float {
    var level = slots
    while level.count > 1 {
      level = stride(from: 0, to: level.count, by: 2).map {
        $0 + 1 < level.count ? level[$0] + level[$0 + 1] : level[$0]
      }
    }
    return level.first ?? 0
  }

  @Test(arguments: 1...70)
  func joinedSubtreesEqualTheTree(shardCount: Int) {
    let tree = ShardTree(shardCount: shardCount)
    let slots = (0..<shardCount).map(Self.value)
    for rankCount in 1...8 {
      let shares = tree.shares(
        of: 0..<shardCount, weights: Array(repeating: 1, count: rankCount))
      let parts = shares.flatMap(tree.subtrees)
      #expect(parts.flatMap(Array.init) == Array(0..<shardCount))
      var sums = parts.map { Self.sum(Array(slots[$0])) }
      for addition in tree.additions(joining: parts) {
        sums[addition.target] += sums[addition.source]
      }
      #expect(sums[0].bitPattern == Self.sum(slots).bitPattern)
    }
  }

  /// Nodes within ranks: parts of a rank join to that rank's subtrees, those to the tree.
  @Test(arguments: 1...70)
  func sharesWithinSharesEqualTheTree(shardCount: Int) {
    let tree = ShardTree(shardCount: shardCount)
    let slots = (0..<shardCount).map(Self.value)
    for (rankCount, weights) in [(1, [1, 1]), (2, [2, 1]), (3, [1, 3, 2, 2]), (5, [1, 1, 1])] {
      let ranks = tree.shares(of: 0..<shardCount, weights: Array(repeating: 1, count: rankCount))
      var sums: [Float] = []
      for rank in ranks {
        let parts = tree.shares(of: rank, weights: weights).flatMap(tree.subtrees)
        var own = parts.map { Self.sum(Array(slots[$0])) }
        for addition in tree.additions(joining: parts) {
          own[addition.target] += own[addition.source]
        }
        for subtree in tree.subtrees(of: rank) {
          sums.append(own[parts.firstIndex { $0.lowerBound == subtree.lowerBound }!])
        }
      }
      for addition in tree.additions(joining: ranks.flatMap(tree.subtrees)) {
        sums[addition.target] += sums[addition.source]
      }
      #expect(sums[0].bitPattern == Self.sum(slots).bitPattern)
    }
  }

  @Test(arguments: 1...70)
  func sharesAreBalanced(shardCount: Int) {
    for rankCount in 1...8 {
      let shares = ShardTree(shardCount: shardCount).shares(
        of: 0..<shardCount, weights: Array(repeating: 1, count: rankCount))
      #expect(shares.count == rankCount)
      #expect(shares.map(\.count).max()! == (shardCount + rankCount - 1) / rankCount)
      #expect(shares.map(\.count).min()! == shardCount / rankCount)
    }
  }

  @Test func sharesPreferLargeSubtrees() {
    let tree = ShardTree(shardCount: 32)
    #expect(tree.shares(of: 0..<32, weights: [1, 1]) == [0..<16, 16..<32])
    #expect(tree.shares(of: 0..<32, weights: [1, 1, 1]) == [0..<10, 10..<21, 21..<32])
    #expect(tree.subtrees(of: 10..<21) == [10..<12, 12..<16, 16..<20, 20..<21])
    #expect(tree.shares(of: 0..<32, weights: [3, 1]) == [0..<24, 24..<32])
  }

  /// The kernels' sum is this tree, also where its result stands in its first slot.
  @Test(arguments: [1, 2, 3, 5, 8, 13, 32, 33, 70])
  func kernelsSumByTheTree(shardCount: Int) throws {
    var slots = (0..<shardCount).map(Self.value)
    let expected = Self.sum(slots)
    let kernels = try KernelChoice.select(environment: [:])
    slots.withUnsafeMutableBufferPointer { slots in
      kernels.treeSum(
        slots: slots.baseAddress!, stride: 1, slotCount: shardCount, count: 1,
        result: slots.baseAddress!)
    }
    #expect(slots[0].bitPattern == expected.bitPattern)
  }
}
