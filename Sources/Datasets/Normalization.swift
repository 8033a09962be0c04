// How the values of images become network inputs: shifted and scaled by the training set's statistics.
// A model carries its normalisation; evaluation must use the one it was trained with.

import PTrainDiagnostics

/// `(value / unit - mean) / standardDeviation` of each channel; the unit of bytes is 255, of floats 1.
public struct Normalization: Equatable, Sendable {
  /// What the values are held as.
  public let pixelType: PixelType
  /// One a channel.
  public let means: [Float]
  /// Above 0, one a channel.
  public let standardDeviations: [Float]

  public init(means: [Float], standardDeviations: [Float], pixelType: PixelType = .byte) {
    precondition(means.count == standardDeviations.count && !means.isEmpty)
    precondition(standardDeviations.allSatisfy { $0 > 0 })
    self.pixelType = pixelType
    self.means = means
    self.standardDeviations = standardDeviations
  }

  /// Of grey images.
  public init(mean: Float, standardDeviation: Float) {
    self.init(means: [mean], standardDeviations: [standardDeviation])
  }

  public var channels: Int { means.count }

  /// The values that everyone uses for MNIST.
  public static let mnist = Normalization(mean: 0.1307, standardDeviation: 0.3081)

  /// `input = value · gain + offset` is the normalisation as one multiply-add, of each channel.
  public var gains: [Float] {
    standardDeviations.map { pixelType == .byte ? 1 / (255 * $0) : 1 / $0 }
  }
  public var offsets: [Float] { zip(means, standardDeviations).map { -$0 / $1 } }

  /// A value as the network takes it in, with the bits that kernels give it.
  package func input(_ value: Float, channel: Int = 0) -> Float {
    let place = channel % channels
    return offsets[place].addingProduct(value, gains[place])
  }
}
