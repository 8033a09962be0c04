// How a minibatch is cut. Leaves are what sums are made of and decide their bits; shards are what tasks
// take, whole subtrees of leaves, and decide nothing but who works.

/// The cut of a session's minibatches.
package struct Sharding: Equatable, Sendable {
  /// Samples of a leaf; the plan's, a power of two.
  let leafSize: Int
  /// Samples of a shard: `leafSize` times a power of two.
  package let shardSize: Int
  /// Workers of all ranks that shards are made for.
  let workerCount: Int

  /// Most samples of a shard.
  static let mostSamples = 8
  /// Shards of a full minibatch for each worker, where leaves allow it: the last ones end at nearly the
  /// same time.
  private static let shardsPerWorker = 2

  /// - Parameters:
  ///   - leafSize: the plan's.
  ///   - sampleCapacity: samples of a full minibatch.
  ///   - workerCount: workers of all ranks.
  init(leafSize: Int, sampleCapacity: Int, workerCount: Int) {
    var size = Self.mostSamples
    while size > leafSize,
      partCount(sampleCapacity, of: size) < Self.shardsPerWorker * workerCount
    {
      size /= 2
    }
    self.leafSize = leafSize
    self.workerCount = workerCount
    shardSize = size
  }

  var leavesPerShard: Int { shardSize / leafSize }

  /// Shards of `sampleCount` samples; the last may hold fewer than `shardSize`.
  package func shardCount(_ sampleCount: Int) -> Int { partCount(sampleCount, of: shardSize) }
}

extension Plan {
  /// How `workerCount` workers of all ranks cut minibatches of `batchSize` samples.
  package func sharding(batchSize: Int, workerCount: Int) -> Sharding {
    Sharding(leafSize: leafSize, sampleCapacity: batchSize, workerCount: workerCount)
  }
}

/// Parts of `size` that `count` is cut into; the last may be smaller.
func partCount(_ count: Int, of size: Int) -> Int { (count + size - 1) / size }
