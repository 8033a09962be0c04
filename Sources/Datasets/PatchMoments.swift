// Second moments of the patches of images: what a whitening convolution is made of.
// In Double, in parts of a fixed number of images that are added in their order: no bit depends on the
// machine or on the number of threads.

import PTrainDiagnostics
import PTrainMemory
import PTrainNetworks

extension ImageSet {
  /// Mean products of any two values of a patch, `[size, size]`, over all patches that lie in the images
  /// as a network takes these in; nil where the images are smaller than a patch.
  ///
  /// A patch is what the window covers, at every pixel and without padding: `size` values in the order of
  /// a weight, `[channels, height, width]`.
  package func patchMoments(_ window: Window, _ normalization: Normalization) -> [Double]? {
    let patches = Patches(self, window, normalization)
    guard patches.count > 0 else { return nil }
    let partSize = 64
    let parts = concurrentMap(
      (count + partSize - 1) / partSize, threadCount: ThreadAffinity.processCPUCount
    ) { part in
      patches.productSums(of: part * partSize..<min((part + 1) * partSize, count))
    }
    var sums = parts[0]
    for part in parts.dropFirst() {
      for place in sums.indices { sums[place] += part[place] }
    }
    let size = patches.offsets.count
    return (0..<size * size).map { place in
      let (row, column) = place.quotientAndRemainder(dividingBy: size)
      // The upper half is the lower one's.
      return sums[max(row, column) * size + min(row, column)] / Double(patches.count)
    }
  }
}

/// The patches of a set.
private struct Patches: Sendable {
  let set: ImageSet
  /// Of a patch's values from its first pixel.
  let offsets: [Int]
  /// Patches of an image below and beside each other.
  private let rows: Int
  private let columns: Int
  private let gains: [Float]
  private let biases: [Float]

  init(_ set: ImageSet, _ window: Window, _ normalization: Normalization) {
    self.set = set
    rows = set.height - (window.height - 1) * window.dilation
    columns = set.width - (window.width - 1) * window.dilation
    (gains, biases) = (normalization.gains, normalization.offsets)
    let taps = window.height * window.width
    offsets = (0..<set.channels * taps).map { value in
      let (channel, tap) = value.quotientAndRemainder(dividingBy: taps)
      let (y, x) = tap.quotientAndRemainder(dividingBy: window.width)
      return (y * set.width + x) * window.dilation * set.channels + channel
    }
  }

  var count: Int { max(rows, 0) * max(columns, 0) * set.count }

  /// Sums of products `[size, size]` over the patches of some images; above the diagonal zeros.
  func productSums(of images: Range<Int>) -> [Double] {
    let size = offsets.count
    var sums = [Double](repeating: 0, count: size * size)
    var values = [Double](repeating: 0, count: set.imageShape.count)
    var patch = [Double](repeating: 0, count: size)
    for image in images {
      for place in values.indices {
        let channel = place % set.channels
        let value = set.value(at: image * values.count + place)
        values[place] = Double(biases[channel].addingProduct(value, gains[channel]))
      }
      for corner in 0..<rows * columns {
        let (y, x) = corner.quotientAndRemainder(dividingBy: columns)
        let first = (y * set.width + x) * set.channels
        for place in 0..<size { patch[place] = values[first + offsets[place]] }
        addProducts(of: patch, to: &sums)
      }
    }
    return sums
  }

  private func addProducts(of patch: [Double], to sums: inout [Double]) {
    patch.withUnsafeBufferPointer { patch in
      sums.withUnsafeMutableBufferPointer { sums in
        for row in patch.indices {
          let value = patch[row]
          let products = sums.baseAddress! + row * patch.count
          for column in 0...row { products[column] += value * patch[column] }
        }
      }
    }
  }
}
