// What a training image has of another one, whose label then counts as much: blended into it (mixup) or in a
// box (cutmix).

import PTrainMemory
import PTrainNetworks

/// What one sample is mixed with in one epoch.
package struct SampleMix: Equatable, Sendable {
  enum Form: Equatable {
    /// The partner's part of each pixel, in 1/256.
    case blend(weight: UInt16)
    case paste(PixelBox)
  }

  /// Index in the training set.
  package let partner: UInt32
  /// What the partner has of pixels and target, exactly.
  package let share: Float
  let form: Form

  /// The mix of a sample with one of `count` samples as a step of mixing draws it; nil for other steps.
  init?(
    _ step: Augmentation, _ shape: AugmentedShape, seed: UInt64, sample: UInt32, epoch: UInt32,
    count: Int
  ) {
    switch step {
    case .mixup(let alpha):
      self.init(mixup: alpha, seed: seed, sample: sample, epoch: epoch, count: count)
    case .cutmix(let alpha):
      self.init(cutmix: alpha, shape, seed: seed, sample: sample, epoch: epoch, count: count)
    default: return nil
    }
  }

  init(partner: UInt32, share: Float, form: Form) {
    (self.partner, self.share, self.form) = (partner, share, form)
  }

  /// Mixes `other` into `image`, both of `shape`.
  func apply(
    to image: UnsafeMutablePointer<UInt8>, from other: UnsafePointer<UInt8>,
    _ shape: AugmentedShape
  ) {
    switch form {
    case .blend(let weight): shape.blend(image, with: other, weight: weight)
    case .paste(let box): shape.paste(box, of: other, into: image)
    }
  }

  /// Two numbers whose first has a share from Beta(`alpha`, `alpha`) of their sum, which is above 0;
  /// elements of the stream from `element` on. `alpha` is above 0 and at most 1.
  static func betaShares(
    _ stream: RandomStream, _ alpha: Double, from element: Int
  ) -> (x: Double, y: Double) {
    var element = element
    // Jöhnk 1964; each pair is taken with a chance of a half or more.
    while true {
      let x = root(stream.word(element: element), alpha)
      let y = root(stream.word(element: element + 1), alpha)
      if x + y <= 1 { return (x, y) }
      element += 2
    }
  }

  /// `u^(1/alpha)` of a number `u` between 0 and 1.
  private static func root(_ word: UInt32, _ alpha: Double) -> Double {
    Elementary.exp(Elementary.log((Double(word) + 0.5) * 0x1p-32) / alpha)
  }
}
