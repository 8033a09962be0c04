// Images in another size, the same bits on every machine: weighted means in whole numbers.
//
// Each axis on its own goes from n source pixels to m target pixels. Target pixel i is a weighted sum:
//   m < n, area average: the target pixel covers [i·n, (i+1)·n) in units of 1/m of a source pixel, and
//          source pixel j covers [j·m, (j+1)·m); its weight is the length that both share, n in all.
//   m > n, bilinear: the target pixel's centre lies at p = (2i+1)·n − m in units of 1/(2m) of a source
//          pixel from the first one's centre; with j = ⌊p / 2m⌋ and f = p − 2m·j, pixel j has the weight
//          2m − f and pixel j+1 the weight f, 2m in all; beyond an edge stands the edge's pixel.
//   m = n: pixel i, weight 1.
// With S the product of both axes' sums of weights and Σ the sum of value · weight of row · weight of
// column, the result is ⌊(2Σ + S) / 2S⌋: the exact mean, rounded once, a half up.

/// The source pixels of each target pixel of one axis.
private struct AxisWeights {
  /// Of target pixel i: `starts[i]..<starts[i + 1]` in `sources` and `weights`, sources ascending.
  private(set) var starts = [0]
  private(set) var sources: [Int] = []
  private(set) var weights: [UInt32] = []
  /// Of each target pixel.
  let sum: UInt64

  init(from n: Int, to m: Int) {
    sum = UInt64(m == n ? 1 : m < n ? n : 2 * m)
    for i in 0..<m {
      if m == n {
        add(i, 1)
      } else if m < n {
        for j in i * n / m...((i + 1) * n - 1) / m {
          add(j, min((i + 1) * n, (j + 1) * m) - max(i * n, j * m))
        }
      } else {
        // At least −m: one more 2m keeps the division of whole numbers a floor.
        let position = (2 * i + 1) * n - m + 2 * m
        let (next, fraction) = position.quotientAndRemainder(dividingBy: 2 * m)
        add(max(next - 1, 0), 2 * m - fraction)
        add(min(next, n - 1), fraction)
      }
      starts.append(sources.count)
    }
  }

  private mutating func add(_ source: Int, _ weight: Int) {
    sources.append(source)
    weights.append(UInt32(weight))
  }
}

/// Rows of an image with their new width, as sums that are not divided yet; the last two are kept,
/// since neighbouring target rows share at most two.
private struct WideRows {
  private let image: DecodedImage
  private let axis: AxisWeights
  private let valueCount: Int
  /// Two rows `[width, channels]`.
  private var sums: [UInt32]
  private var held = [-1, -1]

  init(_ image: DecodedImage, width: Int) {
    self.image = image
    axis = AxisWeights(from: image.width, to: width)
    valueCount = width * image.channels
    sums = [UInt32](repeating: 0, count: 2 * valueCount)
  }

  var weightSum: UInt64 { axis.sum }

  /// Adds `weight` times row `row` to `target`.
  mutating func add(_ row: Int, times weight: UInt64, to target: inout [UInt64]) {
    let slot = row & 1
    if held[slot] != row {
      compute(row, slot)
      held[slot] = row
    }
    let first = slot * valueCount
    for index in 0..<valueCount { target[index] &+= weight &* UInt64(sums[first + index]) }
  }

  /// At most 255 times a sum of weights of 2 · 65,535.
  private mutating func compute(_ row: Int, _ slot: Int) {
    let channels = image.channels
    let start = row * image.width * channels
    var target = slot * valueCount
    image.bytes.withUnsafeBufferPointer { bytes in
      for column in 0..<valueCount / channels {
        let taps = axis.starts[column]..<axis.starts[column + 1]
        for channel in 0..<channels {
          var sum: UInt32 = 0
          for tap in taps {
            sum &+=
              axis.weights[tap] &* UInt32(bytes[start + axis.sources[tap] * channels + channel])
          }
          sums[target] = sum
          target += 1
        }
      }
    }
  }
}

extension DecodedImage {
  /// The image stretched to `height` and `width`, each at least 1 and at most 65,535: averaged over
  /// areas where a side becomes shorter, bilinear where it becomes longer.
  package func resized(height newHeight: Int, width newWidth: Int) -> DecodedImage {
    if (newHeight, newWidth) == (height, width) { return self }
    var rows = WideRows(self, width: newWidth)
    let axis = AxisWeights(from: height, to: newHeight)
    let whole = axis.sum * rows.weightSum
    let valueCount = newWidth * channels
    var resized: [UInt8] = []
    resized.reserveCapacity(newHeight * valueCount)
    var sums = [UInt64](repeating: 0, count: valueCount)
    for row in 0..<newHeight {
      for index in 0..<valueCount { sums[index] = 0 }
      for tap in axis.starts[row]..<axis.starts[row + 1] {
        rows.add(axis.sources[tap], times: UInt64(axis.weights[tap]), to: &sums)
      }
      for sum in sums { resized.append(UInt8((2 * sum + whole) / (2 * whole))) }
    }
    return DecodedImage(height: newHeight, width: newWidth, channels: channels, bytes: resized)
  }
}
