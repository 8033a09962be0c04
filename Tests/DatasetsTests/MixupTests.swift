// Mixing of images: draws against the distribution that they promise, bytes against plain arithmetic.

import PTrainMemory
import PTrainNetworks
import Testing

@testable import PTrainDatasets

@Suite struct MixupTests {
  private let images = NineImages()

  private static let before: [Augmentation] = [
    .affine(AffineAugmentation()), .flip(FlipAugmentation()), .crop(2), .cutout(2),
    .color(ColorAugmentation()),
  ]

  /// The steps before the mixing change both images by draws of their own, whichever they are.
  @Test(arguments: 0..<32) func mixesWhatTheStepsBeforeHaveMade(members: Int) {
    let steps = Self.before.indices.filter { members >> $0 & 1 == 1 }.map { Self.before[$0] }
    var mixedCount = 0
    for sample in UInt32(0)..<UInt32(images.count) {
      let (found, mix) = images.transformed(steps + [.mixup(1)], sample: sample)
      guard let mix else { return #expect(Bool(false), "nothing is mixed") }
      let own = images.transformed(steps, sample: sample).image
      let other = images.transformed(steps, sample: mix.partner).image
      #expect(
        found
          == zip(own, other).map { own, other in
            let exact = (1 - Double(mix.share)) * Double(own) + Double(mix.share) * Double(other)
            return UInt8((exact + 0.5).rounded(.down))
          })
      if found != own { mixedCount += 1 }
    }
    #expect(mixedCount > images.count / 2)
  }

  @Test func theStepsBehindChangeTheMix() {
    for sample in UInt32(0)..<4 {
      let mixed = images.transformed([.crop(1), .mixup(1)], sample: sample).image
      let (found, mix) = images.transformed([.crop(1), .mixup(1), .cutout(3)], sample: sample)
      var expected = mixed
      let (x, y) = SampleDraw(seed: 1, sample: sample, epoch: 1).centre(images.shape)
      images.shape.blacken(&expected, side: 3, x: x, y: y)
      #expect(found == expected)
      #expect(mix == images.transformed([.mixup(1)], sample: sample).mix)
    }
    #expect(images.transformed([.crop(1)], sample: 0).mix == nil)
  }

  private func draws(_ alpha: Double, seed: UInt64 = 1, epoch: UInt32 = 0) -> [SampleMix] {
    (0..<20_000).map {
      SampleMix(mixup: alpha, seed: seed, sample: $0, epoch: epoch, count: 50)
    }
  }

  /// E[min(λ, 1 − λ)] of Beta(α, α) is ½ − E|λ − ½|: 1/4 for α = 1, and for α = ½ (an arcsine law)
  /// ½ − 1/π; the rounding to 1/256 is even on both sides.
  @Test(arguments: [(1.0, 0.25), (0.5, 0.18169)])
  func sharesAreOfTheBetaDistribution(alpha: Double, mean: Double) {
    let shares = draws(alpha).map { Double($0.share) }
    #expect(shares.allSatisfy { (0...0.5).contains($0) })
    #expect(abs(shares.reduce(0, +) / Double(shares.count) - mean) < 0.005)
    #expect(shares.contains { $0 < 0.01 } && shares.contains { $0 > 0.49 })
  }

  /// The smaller alpha, the more images stay as they are; the smallest is no trouble to draw.
  @Test func smallAlphasMixLess() {
    let means = [0.05, 0.2, 0.4, 1].map { alpha in
      draws(alpha).reduce(0) { $0 + Double($1.share) } / 20_000
    }
    #expect(means == means.sorted() && means[0] > 0.005 && means[0] < 0.04)
  }

  @Test func everyPartnerIsAsLikely() {
    let partners = Dictionary(grouping: draws(0.2).map(\.partner)) { $0 }
    #expect(partners.keys.sorted() == Array(0..<50))
    #expect(partners.values.allSatisfy { (300...500).contains($0.count) })
    let (first, other) = (draws(0.2), draws(0.2, epoch: 1))
    #expect(zip(first, other).count { $0.partner == $1.partner } < 1000)
    #expect(first == draws(0.2) && first != draws(0.2, seed: 2))
  }

  /// Pinned: other bytes would be another training run.
  @Test func bytesStayTheSame() {
    let steps: [Augmentation] = [.flip(FlipAugmentation()), .crop(2), .mixup(0.4), .cutout(2)]
    let bytes = (UInt32(0)..<8).flatMap { images.transformed(steps, sample: $0).image }
    #expect(sha256(bytes).hasPrefix("215c2aa2480dc4e6"))
  }
}
