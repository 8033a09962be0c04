// Which samples a step or a test pass works on, and where their bytes are.

import PTrainDatasets
import PTrainKernelTypes

/// Images and labels in memory that outlives the executor.
struct SampleSource: @unchecked Sendable {
  /// `[count, height, width, channels]`; floats are normalised already.
  var pixels: UnsafePointer<UInt8>
  let pixelType: PixelType
  let labels: UnsafePointer<UInt16>
  let count: Int
  /// Of an image.
  let shape: ImageShape
  /// `pixel · gain + offset` is the normalised value; those of the channels 16 times in turn.
  let gains: UnsafePointer<Float>
  let offsets: UnsafePointer<Float>
  /// The images as each node of the session reads them.
  let nodePixels: UnsafePointer<UnsafePointer<UInt8>>

  func onNode(_ node: Int) -> SampleSource {
    var source = self
    source.pixels = nodePixels[node]
    return source
  }

  func image(_ sample: Int) -> UnsafePointer<UInt8> {
    pixels + sample * shape.count * pixelType.size
  }
}

/// A range of an epoch's order.
struct Minibatch: @unchecked Sendable {
  var source: SampleSource
  let sharding: Sharding
  /// Indices into the source.
  private(set) var samples: UnsafePointer<UInt32>
  private(set) var count: Int
  /// 0-based epoch for random draws.
  let epoch: UInt32
  /// Over the mean of the samples' weights.
  private(set) var weightScale: Float = 1

  init(
    source: SampleSource, sharding: Sharding, samples: UnsafePointer<UInt32>, count: Int,
    epoch: UInt32
  ) {
    self.source = source
    self.sharding = sharding
    self.samples = samples
    self.count = count
    self.epoch = epoch
  }

  /// Makes the loss the weighted mean over the samples, `Σ w·l / Σ w`; no weights leave it the mean.
  mutating func weigh(by classWeights: [Float]) {
    guard !classWeights.isEmpty else { return }
    var sum = 0.0
    for place in 0..<count { sum += Double(classWeights[Int(source.labels[Int(samples[place])])]) }
    weightScale = Float(Double(count) / sum)
  }

  var shardCount: Int { sharding.shardCount(count) }

  func onNode(_ node: Int) -> Minibatch {
    var batch = self
    batch.source = source.onNode(node)
    return batch
  }

  /// Minibatches of `size` samples in order; the last may be smaller.
  func parts(of size: Int) -> [Minibatch] {
    stride(from: 0, to: count, by: size).map { first in
      var part = self
      part.samples = samples + first
      part.count = min(size, count - first)
      return part
    }
  }

  /// The minibatch with the samples of `shard` at the places of `other`, and none that count behind.
  func moving(_ shard: Int, to other: Int) -> Minibatch {
    guard shard != other else { return self }
    var batch = self
    batch.samples = samples + (shard - other) * sharding.shardSize
    batch.count = other * sharding.shardSize + places(ofShard: shard).count
    return batch
  }

  /// Places of a shard's samples in the minibatch.
  func places(ofShard shard: Int) -> Range<Int> {
    places(ofShards: shard..<shard + 1)
  }

  /// Places of the samples of several shards in the minibatch.
  func places(ofShards shards: Range<Int>) -> Range<Int> {
    let size = sharding.shardSize
    return min(shards.lowerBound * size, count)..<min(shards.upperBound * size, count)
  }
}
