// How grey values become network inputs: shifted and scaled by the training set's statistics.
// A model carries its normalisation; evaluation must use the one it was trained with.

import Diagnostics

/// `(grey / 255 - mean) / standardDeviation`.
public struct Normalization: Equatable, Sendable {
  public let mean: Float
  /// Above 0.
  public let standardDeviation: Float

  public init(mean: Float, standardDeviation: Float) {
    precondition(standardDeviation > 0)
    self.mean = mean
    self.standardDeviation = standardDeviation
  }

  /// The values that everyone uses for MNIST.
  public static let mnist = Normalization(mean: 0.1307, standardDeviation: 0.3081)

  /// `input = grey · gain + offset` is the normalisation as one multiply-add.
  public var gain: Float { 1 / (255 * standardDeviation) }
  public var offset: Float { -mean / standardDeviation }
}

/// Exact sums over the grey values of a set: its statistics and, in effect, its fingerprint.
struct GreySums: Equatable, Sendable {
  let pixelCount: Int
  let sum: Int
  let sumOfSquares: Int

  init(pixelCount: Int, sum: Int, sumOfSquares: Int) {
    self.pixelCount = pixelCount
    self.sum = sum
    self.sumOfSquares = sumOfSquares
  }

  /// Sums of 2^30 grey values stay below 2^46.
  init(of set: ImageSet) {
    var sum = 0
    var sumOfSquares = 0
    set.images.withUnsafeBufferPointer { greys in
      for start in stride(from: 0, to: greys.count, by: Self.chunk) {
        let end = min(start + Self.chunk, greys.count)
        let part = Self.chunkSums(UnsafeBufferPointer(rebasing: greys[start..<end]))
        sum += Int(part.sum)
        sumOfSquares += Int(part.squares)
      }
    }
    self.init(pixelCount: set.images.count, sum: sum, sumOfSquares: sumOfSquares)
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

  /// Mean and population standard deviation; images of a single grey value are left unscaled.
  var normalization: Normalization {
    let mean = Double(sum) / Double(pixelCount)
    let variance = Double(sumOfSquares) / Double(pixelCount) - mean * mean
    let deviation = Float(max(variance, 0).squareRoot() / 255)
    return Normalization(
      mean: Float(mean / 255), standardDeviation: deviation > 0 ? deviation : 1)
  }
}
