// Random affine transforms of byte images, called by the workers for each sample of a shard.
// Integer arithmetic after the map is drawn: the same bytes on every instruction set.

import PTrainMemory
import PTrainNetworks

/// Transforms the images of one training run.
struct AffineAugmenter: Sendable {
  private let ranges: AffineAugmentation
  private let seed: UInt64
  private let height: Int
  private let width: Int
  private let channels: Int

  init(
    _ ranges: AffineAugmentation, seed: UInt64, height: Int, width: Int, channels: Int = 1
  ) {
    self.ranges = ranges
    self.seed = seed
    self.height = height
    self.width = width
    self.channels = channels
  }

  /// Bytes that a caller of `transform` provides; one buffer a worker.
  var scratchByteCount: Int { sampler.byteCount }

  private var sampler: BilinearSampler {
    BilinearSampler(height: height, width: width, channels: channels)
  }

  /// Writes the image that `sample` is in `epoch`: bilinear, zero outside of the source.
  ///
  /// `source`, `target`: `[height, width, channels]`, not overlapping; `target` is overwritten.
  func transform(
    sample: UInt32, epoch: UInt32, source: UnsafePointer<UInt8>,
    target: UnsafeMutablePointer<UInt8>, scratch: UnsafeMutableRawPointer
  ) {
    let stream = RandomStream(seed: seed, purpose: .augmentation, sample: sample, epoch: epoch)
    let map = AffineMap(ranges, from: stream, height: height, width: width)
    sampler.resample(map, source: source, target: target, scratch: scratch)
  }
}
