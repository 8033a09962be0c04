// A training set of nine images, and what steps of augmentation make of them.

import PTrainNetworks
import Testing

@testable import PTrainDatasets

struct NineImages {
  let shape = AugmentedShape(height: 5, width: 7, channels: 3)
  let count = 9

  func image(_ sample: UInt32) -> [UInt8] {
    (0..<shape.count).map { UInt8(truncatingIfNeeded: Int(sample) * 53 + $0 * 37 + $0 * $0) }
  }

  /// The image that a sample is in an epoch, and what is mixed into it; the scratch has to suffice.
  func transformed(
    _ steps: [Augmentation], sample: UInt32, epoch: UInt32 = 1
  ) -> (image: [UInt8], mix: SampleMix?) {
    let augmenter = ImageAugmenter(
      steps, seed: 1, height: shape.height, width: shape.width, channels: shape.channels)
    var target = [UInt8](repeating: 77, count: shape.count)
    let byteCount = augmenter.scratchByteCount
    let scratch = UnsafeMutableRawPointer.allocate(byteCount: byteCount + 1, alignment: 4)
    defer { scratch.deallocate() }
    scratch.initializeMemory(as: UInt8.self, repeating: 0xa5, count: byteCount + 1)
    let images = (0..<UInt32(count)).flatMap(image)
    images.withUnsafeBufferPointer { images in
      augmenter.transform(
        sample: sample, of: count, epoch: epoch, target: &target, scratch: scratch
      ) { images.baseAddress! + Int($0) * shape.count }
    }
    #expect(scratch.load(fromByteOffset: byteCount, as: UInt8.self) == 0xa5)
    return (target, augmenter.mix(of: sample, count: count, epoch: epoch))
  }
}
