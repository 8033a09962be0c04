// Mixup (Zhang, Cissé, Dauphin & Lopez-Paz 2018): a training image with some of another one in it, whose
// label counts as much.

import PTrainMemory

extension SampleMix {
  /// Draws the mix of `sample` with one of `count` samples.
  ///
  /// The share is λ or 1 − λ, whichever is smaller, of a λ from Beta(`alpha`, `alpha`): so each epoch shows
  /// each sample more than any of its partners. It is a number of 1/256: less than one of them would change
  /// no byte by more than its rounding.
  init(mixup alpha: Double, seed: UInt64, sample: UInt32, epoch: UInt32, count: Int) {
    let stream = RandomStream(seed: seed, purpose: .mixup, sample: sample, epoch: epoch)
    let (x, y) = Self.betaShares(stream, alpha, from: 1)
    let weight = UInt16(256 * min(x, y) / (x + y) + 0.5)
    self.init(
      partner: UInt32(stream.below(count, element: 0)), share: Float(weight) / 256,
      form: .blend(weight: weight))
  }
}

extension AugmentedShape {
  /// Makes `image` the mean of itself and `other`, which has `weight` / 256, each byte rounded to the
  /// nearest.
  func blend(
    _ image: UnsafeMutablePointer<UInt8>, with other: UnsafePointer<UInt8>, weight: UInt16
  ) {
    let rest = 256 &- weight
    for index in 0..<count {
      let sum = UInt16(image[index]) &* rest &+ UInt16(other[index]) &* weight
      image[index] = UInt8(truncatingIfNeeded: (sum &+ 128) >> 8)
    }
  }
}
