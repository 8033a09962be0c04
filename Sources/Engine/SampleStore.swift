// Images and labels in stable memory, as workers read them.

import Datasets

/// A copy of an image set whose addresses stay valid as long as the store lives.
final class SampleStore: @unchecked Sendable {
  let source: SampleSource
  private let pixels: UnsafeMutableBufferPointer<UInt8>
  private let labels: UnsafeMutableBufferPointer<UInt8>

  init(_ set: ImageSet, _ normalization: Normalization) {
    pixels = .allocate(capacity: set.images.count)
    _ = pixels.initialize(from: set.images)
    labels = .allocate(capacity: set.labels.count)
    _ = labels.initialize(from: set.labels)
    source = SampleSource(
      pixels: UnsafePointer(pixels.baseAddress!), labels: UnsafePointer(labels.baseAddress!),
      count: set.count, height: set.height, width: set.width, gain: normalization.gain,
      offset: normalization.offset)
  }

  deinit {
    pixels.deallocate()
    labels.deallocate()
  }
}
