// Images that stand in the training and in the test set: their accuracy is remembered, not learned.

import PTrainCLibrary

extension Dataset {
  /// Test images whose every pixel is that of some training image, whatever their labels.
  func duplicateCount() -> Int {
    // The smaller set is the one to be kept in memory: by hash, those without a twin so far.
    var single: [UInt64: [Int]] = [:]
    single.reserveCapacity(test.count)
    for sample in 0..<test.count { single[test.hash(of: sample), default: []].append(sample) }
    let byteCount = training.byteCount
    var count = 0
    for sample in 0..<training.count {
      let hash = training.hash(of: sample)
      guard let candidates = single[hash] else { continue }
      let image = training.images.base + sample * byteCount
      let others = candidates.filter {
        memcmp(test.images.base + $0 * byteCount, image, byteCount) != 0
      }
      count += candidates.count - others.count
      single[hash] = others
    }
    return count
  }

  /// A line for the terminal; nil without duplicates.
  package var duplicatesLine: String? {
    let count = duplicateCount()
    guard count > 0 else { return nil }
    return
      "\(count) of the \(test.count) test images stand in the training set too, pixel for pixel"
  }
}

extension ImageSet {
  /// Of an image's bytes, eight at a time (after FNV-1a, Fowler, Noll and Vo 1991); equal images have
  /// equal hashes.
  fileprivate func hash(of sample: Int) -> UInt64 {
    let image = UnsafeRawBufferPointer(start: images.base + sample * byteCount, count: byteCount)
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    var place = 0
    while place < image.count {
      var word: UInt64 = 0
      if place + 8 <= image.count {
        word = image.loadUnaligned(fromByteOffset: place, as: UInt64.self)
      } else {
        for byte in image[place...] { word = word << 8 | UInt64(byte) }
      }
      hash = (hash ^ word) &* 0x0000_0100_0000_01b3
      hash ^= hash >> 29
      place += 8
    }
    return hash
  }
}
