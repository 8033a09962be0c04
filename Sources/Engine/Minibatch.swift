// Which samples a step or a test pass works on, and where their bytes are.

import KernelTypes

/// Images and labels in memory that outlives the executor.
struct SampleSource: @unchecked Sendable {
  /// `[count, height, width]`.
  let pixels: UnsafePointer<UInt8>
  let labels: UnsafePointer<UInt8>
  let count: Int
  let height: Int
  let width: Int
  /// `pixel · gain + offset` is the normalised value.
  let gain: Float
  let offset: Float

  func image(_ sample: Int) -> UnsafePointer<UInt8> { pixels + sample * height * width }
}

/// A range of an epoch's order.
struct Minibatch: @unchecked Sendable {
  let source: SampleSource
  /// Indices into the source.
  let samples: UnsafePointer<UInt32>
  let count: Int
  /// 0-based epoch for random draws.
  let epoch: UInt32

  var shardCount: Int { Engine.shardCount(count) }

  /// Places of a shard's samples in the minibatch.
  func places(ofShard shard: Int) -> Range<Int> {
    shard * shardSize..<min((shard + 1) * shardSize, count)
  }
}
