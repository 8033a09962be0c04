// The order of an epoch: a permutation, reproducible, different for every seed and epoch.
// A golden value pins it: a change would break resumed runs and published digests.

import Testing

@testable import PTrainDatasets

extension EpochOrder {
  fileprivate static func permutation(count: Int, seed: UInt64, epoch: UInt32) -> [UInt32] {
    var order = [UInt32](repeating: .max, count: count)
    permute(&order, seed: seed, epoch: epoch)
    return order
  }
}

@Suite struct EpochOrderTests {
  @Test(arguments: [0, 1, 2, 1000]) func isAPermutation(count: Int) {
    let order = EpochOrder.permutation(count: count, seed: 1, epoch: 0)
    #expect(order.sorted() == (0..<count).map { UInt32($0) })
  }

  @Test func dependsOnSeedAndEpochAlone() {
    let order = EpochOrder.permutation(count: 100, seed: 1, epoch: 2)
    #expect(order == EpochOrder.permutation(count: 100, seed: 1, epoch: 2))
    #expect(order != EpochOrder.permutation(count: 100, seed: 1, epoch: 3))
    #expect(order != EpochOrder.permutation(count: 100, seed: 2, epoch: 2))
    #expect(order != EpochOrder.permutation(count: 100, seed: 1 << 32 | 1, epoch: 2))
  }

  @Test func isPinned() {
    #expect(EpochOrder.permutation(count: 10, seed: 1, epoch: 0) == [7, 4, 0, 3, 2, 1, 6, 5, 9, 8])
  }

  /// Drawn ahead or not, asked for once or twice, in turn or not.
  @Test func drawingAheadChangesNoOrder() {
    let orders = EpochOrders(count: 100, seed: 1)
    for (epoch, ahead) in [(0, 1), (0, 1), (1, nil), (2, 3), (7, 8), (8, 9), (9, 9), (9, nil)] {
      let expected = EpochOrder.permutation(count: 100, seed: 1, epoch: UInt32(epoch))
      #expect(orders.order(of: UInt32(epoch)) == expected)
      if let ahead { orders.draw(UInt32(ahead)) }
    }
  }

  /// Each of the six orders of three samples within five standard deviations of a sixth.
  @Test func everyOrderIsEquallyLikely() {
    var counts: [[UInt32]: Int] = [:]
    for epoch in 0..<6_000 {
      counts[EpochOrder.permutation(count: 3, seed: 9, epoch: UInt32(epoch)), default: 0] += 1
    }
    #expect(counts.count == 6)
    #expect(counts.values.allSatisfy { abs($0 - 1000) < 145 })
  }
}
