// Dropout (Srivastava et al. 2014), scaled in training so that evaluation does nothing.
// The mask is an argument; it comes from the counter-based stream that the kernels read too.

import PTrainMemory

extension Reference {
  /// `y = mask · x`, where `mask` holds 0 or `1/(1 − rate)`.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  package static func dropoutForward(x: [Scalar], mask: [Scalar]) -> [Scalar] {
    zip(x, mask).map(*)
  }

  /// `dx = mask · dy`.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  package static func dropoutBackward(mask: [Scalar], dy: [Scalar]) -> [Scalar] {
    zip(dy, mask).map(*)
  }

  /// The mask `[N, C, H, W]` that training draws for dropout at place `layer` of the network.
  ///
  /// Pixel `p` of channel `c` is element `((c / 16)·H·W + p)·16 + c % 16` of the sample's stream;
  /// it is dropped where the word is below `rate · 2³²`. `samples` are indices in the training set.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  package static func dropoutMask(
    rate: Double, shape: Shape, samples: [UInt32], layer: Int, epoch: UInt32, seed: UInt64
  ) -> [Scalar] {
    let pixels = shape.height * shape.width
    let threshold = UInt32(Float(rate) * 0x1p32)
    let kept = Scalar(1 / (1 - Float(rate)))
    return samples.flatMap { sample in
      let stream = RandomStream(
        seed: seed, purpose: .dropout(layer: UInt32(layer)), sample: sample, epoch: epoch)
      return (0..<shape.count).map { place in
        let (channel, pixel) = (place / pixels, place % pixels)
        let element = (channel / 16 * pixels + pixel) * 16 + channel % 16
        return stream.word(element: element) < threshold ? 0 : kept
      }
    }
  }
}
