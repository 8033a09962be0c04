// Boxes of other images: pixels against plain loops, shares against the area, draws against what they
// promise.

import PTrainNetworks
import Testing

@testable import PTrainDatasets

@Suite struct CutmixTests {
  private let images = NineImages()

  private func box(_ mix: SampleMix) throws -> PixelBox {
    guard case .paste(let box) = mix.form else { throw NoBox() }
    return box
  }

  private struct NoBox: Error {}

  /// The steps before act on both images by draws of their own, those behind on the result.
  @Test func aBoxIsThePartners() throws {
    let before: [Augmentation] = [.flip(FlipAugmentation()), .crop(2)]
    var pixelCounts: Set<Int> = []
    for steps in [[], before] as [[Augmentation]] {
      for sample in UInt32(0)..<UInt32(images.count) {
        let (found, drawn) = images.transformed(steps + [.cutmix(1)], sample: sample)
        let mix = try #require(drawn)
        let box = try box(mix)
        let own = images.transformed(steps, sample: sample).image
        let other = images.transformed(steps, sample: mix.partner).image
        for (place, value) in found.enumerated() {
          let (y, x) = (place / 3).quotientAndRemainder(dividingBy: images.shape.width)
          let isInside = box.rows.contains(y) && box.columns.contains(x)
          #expect(value == (isInside ? other[place] : own[place]))
        }
        #expect(mix.share == Float(box.pixelCount) / 35)
        #expect(mix == images.transformed([.cutmix(1), .cutout(2)], sample: sample).mix)
        pixelCounts.insert(box.pixelCount)
      }
    }
    #expect(pixelCounts.count > 3)
  }

  private func draws(
    _ alpha: Double, _ shape: AugmentedShape, seed: UInt64 = 1, epoch: UInt32 = 0
  ) -> [SampleMix] {
    (0..<20_000).map {
      SampleMix(cutmix: alpha, shape, seed: seed, sample: $0, epoch: epoch, count: 50)
    }
  }

  /// λ is even for α = 1: the mean over 1,000 of them and all centres.
  @Test func sharesAreThoseOfBoxesAnywhere() throws {
    let shape = AugmentedShape(height: 32, width: 20, channels: 3)
    func inside(_ extent: Int, _ side: Double) -> Double {
      let half = Int(side * Double(extent)) / 2
      let sum = (0..<extent).reduce(0) { $0 + min(extent, $1 + half) - max(0, $1 - half) }
      return Double(sum) / Double(extent * extent)
    }
    let expected = (0..<1000).reduce(0.0) { sum, place in
      let side = ((Double(place) + 0.5) / 1000).squareRoot()
      return sum + inside(32, side) * inside(20, side) / 1000
    }
    let mixes = draws(1, shape)
    let mean = mixes.reduce(0) { $0 + Double($1.share) } / Double(mixes.count)
    #expect(abs(mean - expected) < 0.005, "\(mean), \(expected)")
    for mix in mixes {
      let box = try box(mix)
      #expect((0...32).contains(box.rows.lowerBound) && box.rows.upperBound <= 32)
      #expect((0...20).contains(box.columns.lowerBound) && box.columns.upperBound <= 20)
    }
    #expect(mixes.contains { $0.share == 0 } && mixes.contains { $0.share > 0.7 })
  }

  @Test func everyPartnerIsAsLikely() {
    let shape = images.shape
    let partners = Dictionary(grouping: draws(0.2, shape).map(\.partner)) { $0 }
    #expect(partners.keys.sorted() == Array(0..<50))
    #expect(partners.values.allSatisfy { (300...500).contains($0.count) })
    let (first, other) = (draws(0.2, shape), draws(0.2, shape, epoch: 1))
    #expect(zip(first, other).count { $0.partner == $1.partner } < 1000)
    #expect(first == draws(0.2, shape) && first != draws(0.2, shape, seed: 2))
  }

  /// Pinned: other bytes would be another training run.
  @Test func bytesStayTheSame() {
    let steps: [Augmentation] = [.flip(FlipAugmentation()), .crop(2), .cutmix(0.4), .cutout(2)]
    let bytes = (UInt32(0)..<8).flatMap { images.transformed(steps, sample: $0).image }
    #expect(sha256(bytes).hasPrefix("46dcad9063029217"))
  }
}
