// Datasets that are recognised by their content, wherever their files lie.
// MNIST keeps the rounded statistics that published results use.

/// A dataset with a name of its own.
struct KnownDataset: Sendable {
  let name: String
  /// Of the training images: a fingerprint that the normalisation needs anyway.
  private let sums: PixelSums
  /// Nil: computed from the training set.
  let normalization: Normalization?

  private static let all = [
    KnownDataset(
      name: "MNIST",
      sums: PixelSums(
        pixelCount: 47_040_000, sums: [1_567_298_545], sumsOfSquares: [342_590_800_147]),
      normalization: .mnist),
    KnownDataset(
      name: "Fashion-MNIST",
      sums: PixelSums(
        pixelCount: 47_040_000, sums: [3_431_114_169], sumsOfSquares: [631_470_052_347]),
      normalization: nil),
  ]

  /// The known dataset whose training images have these sums.
  static func recognize(_ sums: PixelSums) -> KnownDataset? { all.first { $0.sums == sums } }
}
