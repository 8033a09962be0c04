// What a step of training sees of the samples of a minibatch: their images as the recipe augments them, and
// what is mixed into them. For comparisons with the reference, which sees images as they are.

import PTrainDatasets
import PTrainDiagnostics
import PTrainMemory
import PTrainNetworks

/// The samples of `order` in epoch 0.
struct SeenSamples {
  /// In the order of the minibatch.
  let images: ImageSet
  let labels: [Int]
  /// One a sample, or none where nothing is mixed.
  let mixes: [ReferenceMix]

  init(_ set: ImageSet, _ order: [UInt32], _ recipe: Recipe, _ seed: UInt64) throws(Failure) {
    labels = order.map { Int(set.labels[Int($0)]) }
    guard !recipe.augment.isEmpty else {
      images = try set.samples(at: order.map(Int.init))
      mixes = []
      return
    }
    let augmenter = ImageAugmenter(
      recipe.augment, seed: seed, height: set.height, width: set.width, channels: set.channels)
    let scratch = try AlignedStorage(byteCount: augmenter.scratchByteCount)
    let seen = try ByteStore(capacity: order.count * set.byteCount) { buffer in
      let first = buffer.baseAddress!.assumingMemoryBound(to: UInt8.self)
      for (place, sample) in order.enumerated() {
        augmenter.transform(
          sample: sample, of: set.count, epoch: 0, target: first + place * set.byteCount,
          scratch: scratch.base
        ) { set.images.base + Int($0) * set.byteCount }
      }
      return buffer.count
    }
    images = ImageSet(
      height: set.height, width: set.width, channels: set.channels, images: seen,
      labels: order.map { set.labels[Int($0)] }, classNames: set.classNames)
    mixes = order.compactMap { sample in
      augmenter.mix(of: sample, count: set.count, epoch: 0).map {
        ReferenceMix(label: Int(set.labels[Int($0.partner)]), share: Double($0.share))
      }
    }
  }
}
