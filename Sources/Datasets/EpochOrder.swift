// The order in which an epoch visits the training set.
// It depends on seed and epoch alone, so threads, ranks and resumed runs agree on it.

import PTrainMemory

/// Shuffles sample indices.
package enum EpochOrder {
  /// Overwrites `order` with its indices in random order, every order equally likely (Fisher & Yates
  /// 1938; from the last place down, drawn from the shuffle stream of `seed` and `epoch`).
  package static func permute(_ order: inout [UInt32], seed: UInt64, epoch: UInt32) {
    var random = RandomSequence(RandomStream(seed: seed, purpose: .shuffle, epoch: epoch))
    for place in order.indices { order[place] = UInt32(place) }
    for last in stride(from: order.count - 1, to: 0, by: -1) {
      order.swapAt(last, Int(random.next(below: UInt32(last + 1))))
    }
  }
}
