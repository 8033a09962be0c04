// Element-wise passes around the convolutions: bias, ReLU, BN, pooling, and their gradients.
// Each takes one image, blocked by 16 channels.
// A NaN stays one, also through ReLU and a mask's zero, so that a diverged network shows. Only what a
// comparison decides differs: no gradient passes the gate of a NaN, and a pool, which takes the pixels
// of a window in turn, begins anew behind one, so that the last pixel's stays.

/// One image's activation of a unit: `[blocks, height, width, 16]`, pooled by `window`.
///
/// `window` is the size and stride of the max-pool that follows, 1 without one. Rows and columns
/// that do not fill a window take part in the statistics, not in the pooled result.
package struct ActivationShape: Equatable, Sendable {
  package var blocks: Int
  package var height: Int
  package var width: Int
  package var window: Int

  package init(blocks: Int, height: Int, width: Int, window: Int) {
    self.blocks = blocks
    self.height = height
    self.width = width
    self.window = window
  }

  package var pooledHeight: Int { height / window }
  package var pooledWidth: Int { width / window }
  package var count: Int { blocks * height * width * channelLanes }
  package var pooledCount: Int { blocks * pooledHeight * pooledWidth * channelLanes }

  /// So many blocks of it.
  package func withBlocks(_ count: Int) -> ActivationShape {
    ActivationShape(blocks: count, height: height, width: width, window: window)
  }
}

/// Statistics of some samples' activations: `[1 + 2 · blocks, 16]`, the number of values of a channel in
/// all lanes of the first vector, then each block's means and its sums of squared deviations from them.
/// All zero: no values.
package enum BatchMoments {
  package static func count(blocks: Int) -> Int { (1 + 2 * blocks) * channelLanes }

  /// Place of a channel's mean; its squared deviations stand `channelLanes` behind.
  package static func mean(of channel: Int) -> Int {
    (1 + channel / channelLanes * 2) * channelLanes + channel % channelLanes
  }
}

/// Per-channel constants of one unit, each `[blocks * 16]`; padded lanes are zero.
///
/// A unit keeps `s = pool(pre(z + bias))`; its consumer reads `y = post(scale * s + shift)`, where
/// `pre` is ReLU or nothing, `post` any activation. Where `scale < 0` the pool takes the minimum, since
/// `max(a·s + b) = a·min(s) + b` then.
package struct ChannelConstants: @unchecked Sendable {
  package var bias: FloatPointer?
  package var scale: FloatPointer
  package var shift: FloatPointer
  /// Of `s` over the minibatch, around which gradients are summed.
  package var mean: FloatPointer
  package var reluBefore: Bool
  package var after: ActivationFunction

  package init(
    bias: FloatPointer?, scale: FloatPointer, shift: FloatPointer, mean: FloatPointer,
    reluBefore: Bool, after: ActivationFunction
  ) {
    self.bias = bias
    self.scale = scale
    self.shift = shift
    self.mean = mean
    self.reluBefore = reluBefore
    self.after = after
  }

  /// Those from a block on.
  package func from(block: Int) -> ChannelConstants {
    let offset = block * channelLanes
    return ChannelConstants(
      bias: bias.map { $0 + offset }, scale: scale + offset, shift: shift + offset,
      mean: mean + offset, reluBefore: reluBefore, after: after)
  }
}

/// Per-channel factors of a unit's output gradient, each `[blocks * 16]`.
///
/// With batch statistics, `dz' = gain·dy + k0 + k1·z'` where `z' = pre(z + bias)` (Ioffe & Szegedy
/// 2015); without BN `gain` is 1 and the others 0.
package struct GradientFactors: @unchecked Sendable {
  package var gain: FloatPointer
  package var k0: FloatPointer
  package var k1: FloatPointer

  package init(gain: FloatPointer, k0: FloatPointer, k1: FloatPointer) {
    self.gain = gain
    self.k0 = k0
    self.k1 = k1
  }

  /// Those from a block on.
  package func from(block: Int) -> GradientFactors {
    let offset = block * channelLanes
    return GradientFactors(gain: gain + offset, k0: k0 + offset, k1: k1 + offset)
  }
}

/// What the gradient of a unit's output is made from, image behind image: `z` as `activate` left it,
/// `s` as `pool` left it (`z` for window 1), and `dy`.
package struct GradientOperands: @unchecked Sendable {
  package var z: FloatPointer
  package var s: FloatPointer
  package var dy: FloatPointer
  /// Where the caller will write the `dy` that follows from this call's `dx`, image behind image: a
  /// hint to fetch that memory meanwhile.
  package var dyBelow: FloatPointer?

  package init(
    z: FloatPointer, s: FloatPointer, dy: FloatPointer, dyBelow: FloatPointer? = nil
  ) {
    self.z = z
    self.s = s
    self.dy = dy
    self.dyBelow = dyBelow
  }
}

/// Element-wise passes over one image.
package protocol ActivationKernels: Sendable {
  /// In place `z = pre(z + bias)`; its values join `moments` (`BatchMoments`) unless that is nil.
  func activate(
    _ shape: ActivationShape, _ constants: ChannelConstants, z: MutableFloatPointer,
    moments: MutableFloatPointer?)

  /// `s` = max-pool of `z` where `scale >= 0`, min-pool elsewhere; overwrites.
  func pool(
    _ shape: ActivationShape, _ constants: ChannelConstants, z: FloatPointer,
    s: MutableFloatPointer)

  /// `x = mask · post(scale·s + shift)`, padded by zeros; overwrites.
  /// `s`, `mask` (nil: all ones) and the inside of `x` have the pooled size of `shape`.
  func prepareInput(
    _ shape: ActivationShape, _ constants: ChannelConstants, s: FloatPointer,
    mask: FloatPointer?, padding: Edges, x: MutableFloatPointer)

  /// `x += post(scale·s + shift)`, without a border; both have the pooled size of `shape`.
  func addInput(
    _ shape: ActivationShape, _ constants: ChannelConstants, s: FloatPointer,
    x: MutableFloatPointer)

  /// Mean of `post(scale·s + shift)` over pixels to `means[block * blockStride + lane]`; overwrites.
  func averagePool(
    _ shape: ActivationShape, _ constants: ChannelConstants, s: FloatPointer,
    means: MutableFloatPointer, blockStride: Int)

  /// `dy = mask · dx · post'(scale·s + shift)`, `sums [blocks, 2, 16] += (Σdy, Σdy·(s - mean))`; `dy` may
  /// be `dx`. Where it accumulates, `dy +=` instead, and the sums are those of what is added.
  func inputGradient(
    _ shape: ActivationShape, _ constants: ChannelConstants, s: FloatPointer,
    mask: FloatPointer?, dx: FloatPointer, dy: MutableFloatPointer, sums: MutableFloatPointer,
    accumulates: Bool)

  /// The same where `dx` of each pixel is `dMeans[block * blockStride + lane] / pixels`.
  func averagePoolGradient(
    _ shape: ActivationShape, _ constants: ChannelConstants, s: FloatPointer,
    dMeans: FloatPointer, blockStride: Int, dy: MutableFloatPointer, sums: MutableFloatPointer,
    accumulates: Bool)

  /// `dz = [z > 0 if pre] · (gain·dy at its window's first extreme + k0 + k1·z)`, written in the
  /// layout that `geometry` gives `dz` (all of it, zeros too); `biasGradient [blocks, 16] += Σdz`.
  /// `z` is what `activate` left, `s` what `pool` left (`z` itself for window 1).
  func outputGradient(
    _ shape: ActivationShape, _ constants: ChannelConstants, _ factors: GradientFactors,
    _ geometry: ConvGeometry, z: FloatPointer, s: FloatPointer, dy: FloatPointer,
    dz: MutableFloatPointer, biasGradient: MutableFloatPointer)
}
