// Mixup (Zhang, Cissé, Dauphin & Lopez-Paz 2018): a training image with some of another one in it, whose
// label counts as much.

import PTrainMemory
import PTrainNetworks

/// What one sample is mixed with in one epoch.
package struct SampleMix: Equatable, Sendable {
  /// Index in the training set.
  package let partner: UInt32
  /// What the partner has of pixels and target, in 1/256: at most a half. Less than one of them would
  /// change no byte by more than its rounding.
  let weight: UInt16

  /// What the partner has, exactly.
  package var share: Float { Float(weight) / 256 }

  /// Draws the mix of `sample` with one of `count` samples.
  ///
  /// The share is λ or 1 − λ, whichever is smaller, of a λ from Beta(`alpha`, `alpha`): so each epoch shows
  /// each sample more than any of its partners. `alpha` is above 0 and at most 1.
  init(alpha: Double, seed: UInt64, sample: UInt32, epoch: UInt32, count: Int) {
    let stream = RandomStream(seed: seed, purpose: .mixup, sample: sample, epoch: epoch)
    partner = UInt32(stream.below(count, element: 0))
    var element = 1
    // Jöhnk 1964; each pair is taken with a chance of a half or more.
    while true {
      let x = Self.root(stream.word(element: element), alpha)
      let y = Self.root(stream.word(element: element + 1), alpha)
      if x + y <= 1 {
        weight = UInt16(256 * min(x, y) / (x + y) + 0.5)
        return
      }
      element += 2
    }
  }

  /// `u^(1/alpha)` of a number `u` between 0 and 1.
  private static func root(_ word: UInt32, _ alpha: Double) -> Double {
    Elementary.exp(Elementary.log((Double(word) + 0.5) * 0x1p-32) / alpha)
  }

  /// Makes `image` the mean of itself and `other`, `count` bytes each, rounded to the nearest.
  func blend(
    _ image: UnsafeMutablePointer<UInt8>, with other: UnsafePointer<UInt8>, count: Int
  ) {
    let rest = 256 &- weight
    for index in 0..<count {
      let sum = UInt16(image[index]) &* rest &+ UInt16(other[index]) &* weight
      image[index] = UInt8(truncatingIfNeeded: (sum &+ 128) >> 8)
    }
  }
}
