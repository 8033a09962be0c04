// Which numbers occur in a network on images of its training, value by value.

import PTrainDatasets
import PTrainDiagnostics

/// Images on which ranges are measured.
package struct CalibrationImages: Sendable {
  let images: ImageSet
  package let threadCount: Int

  /// `count` images of a set, drawn without repetition: the first of its order in epoch 0 of seed 1.
  ///
  /// Throws `.fault` without memory.
  package init(_ set: ImageSet, count: Int, threadCount: Int) throws(Failure) {
    var order = [UInt32](repeating: 0, count: set.count)
    EpochOrder.permute(&order, seed: 1, epoch: 0)
    images = try set.samples(at: order.prefix(count).map { Int($0) })
    self.threadCount = threadCount
  }
}

extension ImageSet {
  /// The bytes of an image, `[height, width, channels]`.
  func withImage<Result>(
    _ index: Int, _ body: (UnsafeBufferPointer<UInt8>) throws -> Result
  ) rethrows -> Result {
    try body(
      UnsafeBufferPointer(
        start: images.base + index * byteCount, count: byteCount))
  }
}

extension FusedNetwork {
  /// Images that a thread takes at a time.
  private static let chunkCount = 16

  /// A histogram of each value; throws `badData` where one holds what is no number.
  func histograms(_ calibration: CalibrationImages) throws(Failure) -> [ValueHistogram] {
    let set = calibration.images
    let chunks = (set.count + Self.chunkCount - 1) / Self.chunkCount
    let parts = concurrentMap(chunks, threadCount: calibration.threadCount) {
      chunk -> Result<[ValueHistogram], Failure> in
      var histograms = [ValueHistogram](repeating: ValueHistogram(), count: shapes.count)
      for index in chunk * Self.chunkCount..<min((chunk + 1) * Self.chunkCount, set.count) {
        let values = set.withImage(index, values)
        for (place, value) in values.enumerated() {
          guard value.allSatisfy(\.isFinite) else { return .failure(notFinite(place)) }
          histograms[place].add(value)
        }
      }
      return .success(histograms)
    }
    var all = [ValueHistogram](repeating: ValueHistogram(), count: shapes.count)
    for part in parts {
      for (place, histogram) in try part.get().enumerated() { all[place].add(histogram) }
    }
    return all
  }

  private func notFinite(_ value: Int) -> Failure {
    let step = value == 0 ? name : steps[value - 1].origin
    return Failure(.badData, "\(step): its values are not all numbers; the model is damaged")
  }
}
