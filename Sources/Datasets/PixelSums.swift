// Statistics of a training set: exact sums over bytes, on any number of threads, and sums in Double over
// floats, in one order on one thread: no bit depends on the machine.

import PTrainDiagnostics
import PTrainMemory

/// Exact sums over the bytes of each channel: a set's statistics and, in effect, its fingerprint.
struct PixelSums: Equatable, Sendable {
  /// Of an image set's plane.
  let pixelCount: Int
  /// One a channel.
  let sums: [Int]
  /// One a channel.
  let sumsOfSquares: [Int]

  init(pixelCount: Int, sums: [Int], sumsOfSquares: [Int]) {
    self.pixelCount = pixelCount
    self.sums = sums
    self.sumsOfSquares = sumsOfSquares
  }

  /// Sums of 2^32 bytes stay below 2^48.
  init(of set: ImageSet) {
    precondition(set.pixelType == .byte)
    let channels = set.channels
    let rowByteCount = channels * Self.vectorByteCount
    let chunkByteCount = Self.chunkRowCount * rowByteCount
    let (base, byteCount) = (set.images.base, set.images.count)
    // Bytes that nobody writes meanwhile.
    nonisolated(unsafe) let bytes = UnsafeRawBufferPointer(start: base, count: byteCount)
    let chunkSums = concurrentMap(
      (byteCount + chunkByteCount - 1) / chunkByteCount,
      threadCount: ThreadAffinity.process()?.count ?? 1
    ) { chunk in
      let start = chunk * chunkByteCount
      return ChannelSums(
        UnsafeRawBufferPointer(rebasing: bytes[start..<min(start + chunkByteCount, byteCount)]),
        channels: channels)
    }
    var total = ChannelSums(channels: channels)
    for sums in chunkSums { total.add(sums) }
    self.init(
      pixelCount: byteCount / channels, sums: total.sums, sumsOfSquares: total.sumsOfSquares)
  }

  private typealias Words = SIMD8<UInt32>
  /// Bytes of a vector.
  private static let vectorByteCount = 32
  /// So few that a chunk stays in a cache; the squares of a place in 65,536 would still fit 32 bits.
  private static let chunkRowCount = 1 << 12

  /// Exact sums over whole pixels, one a channel.
  private struct ChannelSums: Sendable {
    var sums: [Int]
    var sumsOfSquares: [Int]

    init(channels: Int) {
      sums = [Int](repeating: 0, count: channels)
      sumsOfSquares = sums
    }

    /// At most `chunkRowCount` rows of 32 pixels: in vectors of as many bytes, four to a word, each of
    /// which stands for one channel in all rows.
    init(_ bytes: UnsafeRawBufferPointer, channels: Int) {
      self.init(channels: channels)
      let rowByteCount = channels * vectorByteCount
      let end = bytes.count / rowByteCount * rowByteCount
      for first in stride(from: 0, to: rowByteCount, by: vectorByteCount) {
        for byte in 0..<4 {
          let shift = Words(repeating: UInt32(8 * byte))
          var (sum, squares) = (Words(), Words())
          for place in stride(from: first, to: end, by: rowByteCount) {
            let words = bytes.loadUnaligned(fromByteOffset: place, as: Words.self)
            let values = words &>> shift & Words(repeating: 255)
            sum &+= values
            squares &+= values &* values
          }
          for word in 0..<Words.scalarCount {
            let channel = (first + 4 * word + byte) % channels
            sums[channel] += Int(sum[word])
            sumsOfSquares[channel] += Int(squares[word])
          }
        }
      }
      for place in end..<bytes.count {
        let value = Int(bytes[place])
        sums[place % channels] += value
        sumsOfSquares[place % channels] += value * value
      }
    }

    mutating func add(_ other: ChannelSums) {
      for channel in sums.indices {
        sums[channel] += other.sums[channel]
        sumsOfSquares[channel] += other.sumsOfSquares[channel]
      }
    }
  }

  /// Mean and population standard deviation; a channel of a single value is left unscaled.
  var normalization: Normalization {
    let means = sums.map { Double($0) / Double(pixelCount) }
    let deviations = zip(means, sumsOfSquares).map { mean, squares in
      let variance = Double(squares) / Double(pixelCount) - mean * mean
      let deviation = Float(max(variance, 0).squareRoot() / 255)
      return deviation > 0 ? deviation : 1
    }
    return Normalization(means: means.map { Float($0 / 255) }, standardDeviations: deviations)
  }
}

extension ImageSet {
  /// A value of floats by its place in `[count, height, width, channels]`.
  @inline(__always)
  package func float(at place: Int) -> Float {
    UnsafeRawPointer(images.base).load(
      fromByteOffset: place * MemoryLayout<Float>.size, as: Float.self)
  }

  /// A value of either type by its place.
  package func value(at place: Int) -> Float {
    pixelType == .byte ? Float(images[place]) : float(at: place)
  }

  /// Of the whole set.
  package var valueCount: Int { images.count / pixelType.size }

  /// Mean and population standard deviation of each channel, in Double around the mean; a channel of a
  /// single value is left unscaled.
  var floatNormalization: Normalization {
    precondition(pixelType == .float)
    let pixelCount = Double(valueCount / channels)
    var (means, deviations) = ([Float](), [Float]())
    for channel in 0..<channels {
      let places = stride(from: channel, to: valueCount, by: channels)
      var sum = 0.0
      for place in places { sum += Double(float(at: place)) }
      let mean = sum / pixelCount
      var squares = 0.0
      for place in places {
        let distance = Double(float(at: place)) - mean
        squares += distance * distance
      }
      let deviation = Float((squares / pixelCount).squareRoot())
      means.append(Float(mean))
      deviations.append(deviation.isNormal ? deviation : 1)
    }
    return Normalization(means: means, standardDeviations: deviations, pixelType: .float)
  }

  /// The first sample with a NaN or an infinity.
  var firstSampleWithoutNumbers: Int? {
    guard pixelType == .float else { return nil }
    let valueCount = valueCount
    var place = 0
    while place < valueCount, float(at: place).isFinite { place += 1 }
    return place < valueCount ? place / imageShape.count : nil
  }
}
