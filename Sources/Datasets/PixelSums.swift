// Statistics of a training set: exact sums over bytes, sums in Double over floats.
// Always in one order on one thread, so that no bit depends on the machine.

import Diagnostics
import Memory

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
    var sums = [Int](repeating: 0, count: channels)
    var squares = sums
    set.images.withUnsafeBufferPointer { bytes in
      for start in stride(from: 0, to: bytes.count, by: Self.chunk * channels) {
        let end = min(start + Self.chunk * channels, bytes.count)
        let part = UnsafeBufferPointer(rebasing: bytes[start..<end])
        for channel in 0..<channels {
          let found =
            channels == 1 ? Self.chunkSums(part) : Self.chunkSums(part, channel, of: channels)
          sums[channel] += Int(found.sum)
          squares[channel] += Int(found.squares)
        }
      }
    }
    self.init(
      pixelCount: set.images.count / channels, sums: sums, sumsOfSquares: squares)
  }

  /// So few that their squares' sum fits 32 bits, which lets the loop run in vectors.
  private static let chunk = 1 << 15

  private static func chunkSums(
    _ greys: UnsafeBufferPointer<UInt8>
  ) -> (sum: UInt32, squares: UInt32) {
    var sum: UInt32 = 0
    var squares: UInt32 = 0
    for grey in greys {
      sum &+= UInt32(grey)
      squares &+= UInt32(grey) &* UInt32(grey)
    }
    return (sum, squares)
  }

  private static func chunkSums(
    _ bytes: UnsafeBufferPointer<UInt8>, _ channel: Int, of channels: Int
  ) -> (sum: UInt32, squares: UInt32) {
    var sum: UInt32 = 0
    var squares: UInt32 = 0
    for place in stride(from: channel, to: bytes.count, by: channels) {
      let value = UInt32(bytes[place])
      sum &+= value
      squares &+= value &* value
    }
    return (sum, squares)
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
