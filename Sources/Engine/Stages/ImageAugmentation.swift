// Augmented images of the current minibatch: drawn once a step, read by forward and backward.

import PTrainDatasets
import PTrainKernelTypes
import PTrainNetworks

/// A recipe's augmentation with a place for every sample of a minibatch.
struct ImageAugmentation: @unchecked Sendable {
  private let augmenter: ImageAugmenter
  private let byteCount: Int
  private let shardSize: Int
  /// `[sampleCapacity, height, width, channels]` bytes.
  private let images: UnsafeMutablePointer<UInt8>
  /// Bytes from a shard's images to the next one's.
  private let shardStride: Int

  /// The memory outlives the value.
  init(
    _ steps: [Augmentation], seed: UInt64, shape: ImageShape, memory: NodeMemory
  ) throws {
    augmenter = ImageAugmenter(
      steps, seed: seed, height: shape.height, width: shape.width, channels: shape.channels)
    byteCount = shape.count
    shardSize = memory.sharding.shardSize
    let floatCount = aligned((shardSize * byteCount + 3) / 4)
    images = UnsafeMutableRawPointer(try memory.allocateByShard(floatCount))
      .assumingMemoryBound(to: UInt8.self)
    shardStride = floatCount * MemoryLayout<Float>.stride
  }

  /// Floats that `transform` needs in a worker's scratch.
  var scratchCount: Int { (augmenter.scratchByteCount + 3) / 4 }

  /// The image of a place, as `transform` left it.
  func image(_ place: Int) -> UnsafePointer<UInt8> {
    UnsafePointer(target(place))
  }

  /// Draws the images of a shard.
  func transform(_ task: ShardTask) {
    let source = task.batch.source
    for place in task.places {
      augmenter.transform(
        sample: task.sample(at: place), of: source.count, epoch: task.batch.epoch,
        target: target(place), scratch: UnsafeMutableRawPointer(task.scratch.augmentation)
      ) { source.image(Int($0)) }
    }
  }

  /// What the image of a place is mixed with; nil where the recipe mixes nothing.
  func mix(_ place: Int, _ task: ShardTask) -> SampleMix? {
    augmenter.mix(
      of: task.sample(at: place), count: task.batch.source.count, epoch: task.batch.epoch)
  }

  private func target(_ place: Int) -> UnsafeMutablePointer<UInt8> {
    images + place / shardSize * shardStride + place % shardSize * byteCount
  }
}
