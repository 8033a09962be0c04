// Which shard of an evaluation comes next, whoever asks.

import Synchronization

/// Shards that strands claim one by one.
final class NextShard: Sendable {
  private let first: Atomic<Int>
  private let end: Int

  init(_ shards: Range<Int>) {
    first = Atomic(shards.lowerBound)
    end = shards.upperBound
  }

  func claim() -> Int? {
    let shard = first.wrappingAdd(1, ordering: .relaxed).oldValue
    return shard < end ? shard : nil
  }
}
