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

/// The order of one epoch, and that of a later one where somebody has drawn it meanwhile.
package final class EpochOrders: @unchecked Sendable {
  private let seed: UInt64
  private var current: [UInt32]
  private var next: [UInt32]
  private var epoch: UInt32?
  private var nextEpoch: UInt32?

  package init(count: Int, seed: UInt64) {
    self.seed = seed
    current = [UInt32](repeating: 0, count: count)
    next = current
  }

  /// The order of an epoch, 0-based; not while another thread draws one.
  package func order(of epoch: UInt32) -> [UInt32] {
    if epoch == self.epoch { return current }
    if epoch != nextEpoch { draw(epoch) }
    swap(&current, &next)
    (self.epoch, nextEpoch) = (epoch, nil)
    return current
  }

  /// Draws the order that will be asked for next; any thread, one at a time.
  package func draw(_ epoch: UInt32) {
    EpochOrder.permute(&next, seed: seed, epoch: epoch)
    nextEpoch = epoch
  }
}
