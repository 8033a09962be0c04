// The order in which an epoch visits the training set.
// It depends on seed and epoch alone, so threads, ranks and resumed runs agree on it.

import Memory

/// Shuffles sample indices.
public enum EpochOrder {
  /// The indices 0..<count in random order, every order equally likely (Fisher & Yates 1938;
  /// from the last place down, drawn from the shuffle stream of `seed` and `epoch`).
  public static func permutation(count: Int, seed: UInt64, epoch: UInt32) -> [UInt32] {
    var random = RandomSequence(RandomStream(seed: seed, purpose: .shuffle, epoch: epoch))
    var order = [UInt32](0..<UInt32(count))
    for last in stride(from: count - 1, to: 0, by: -1) {
      order.swapAt(last, Int(random.next(below: UInt32(last + 1))))
    }
    return order
  }
}
