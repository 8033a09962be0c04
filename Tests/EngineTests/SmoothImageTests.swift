// What the recomputed first layer's variance is worth where it is small against the images: it is a
// quadratic form of sums in Float, so smooth images behind a filter of differences cancel in it.

import PTrainDatasets
import PTrainNetworks
import Testing

@testable import PTrainEngine

@Suite struct SmoothImageTests {
  private static let filters: [[Float]] = [
    [0, 0, 0, -1, 0, 1, 0, 0, 0], [0, 1, 0, 1, -4, 1, 0, 1, 0], [1, 1, 1, 1, 1, 1, 1, 1, 1],
    [1, -2, 1, -2, 4, -2, 1, -2, 1],
  ]

  /// Blobs that fade out before the border, as wide as the image allows.
  private func blobs(side: Int) throws -> ImageSet {
    let images = (0..<16).flatMap { image in
      (0..<side * side).map { place -> UInt8 in
        let (y, x) = (Double(place / side), Double(place % side))
        let center = Double(side - 1) / 2
        let r = ((y - center) * (y - center) + (x - center) * (x - center)).squareRoot() / center
        let height = max(0, 1 - r * r)
        return UInt8((40 + 200 * height * height * (1 - Double(image) / 32)).rounded())
      }
    }
    return try ImageSet(
      height: side, width: side, images: images, labels: (0..<16).map { UInt16($0 % 5) })
  }

  /// The absolute error of a variance is within two units in the last place of the largest that the
  /// filter could make of the images, `(Σ|w|)²·E[x²]`. That is up to 0.5 % of the smallest here.
  @Test(arguments: [28, 64])
  func varianceIsWithinRoundingOfTheImages(side: Int) throws {
    let network = try Network(
      description: ModelDescription(
        name: "smooth",
        layers: [
          .conv(filters: 4, kernel: 3, stride: 1, padding: 1, bias: false), .batchNorm, .relu,
          .conv(filters: 4, kernel: 3, stride: 1, padding: 1, bias: false), .batchNorm, .relu,
          .globalAveragePool, .dense(features: nil, bias: true),
        ]), input: Shape(channels: 1, height: side, width: side), classCount: 5)
    var state = ModelState.initial(network: network, seed: 3)
    let weights = try #require(network.layout["conv1.weight"]).range
    state.values.replaceSubrange(weights, with: Self.filters.flatMap { $0 })
    let variances = try #require(network.layout["bn1.running_var"]).range
    for place in variances { state.values[place] = 0 }
    let (set, normalization) = (
      try blobs(side: side), Normalization(mean: 40 / 255.0, standardDeviation: 0.3)
    )
    let comparison = try ReferenceComparison(
      network, state: state, set: set, normalization: normalization, order: [UInt32](0..<16),
      configuration: TestData.configuration())
    let power = set.images.reduce(0.0) { sum, byte in
      let x = Double(normalization.input(Float(byte)))
      return sum + x * x
    }
    for (filter, place) in zip(Self.filters, variances) {
      // A tenth of a variance is what the running one becomes.
      let exact = comparison.referenceValues[place] * 10
      let error = abs(Double(comparison.state.values[place]) * 10 - exact)
      let reach = Double(filter.reduce(0) { $0 + abs($1) })
      let largest = reach * reach * power / Double(16 * side * side)
      #expect(error <= 0x1p-22 * largest, "\(filter): \(error) of \(exact), largest \(largest)")
      #expect(error <= 0.01 * exact, "\(filter): \(error) of \(exact)")
    }
  }
}
