// The convolution entry points that every instruction set's variant provides.
// Kernels take pointers, buffers own them; all sums run in one order on every instruction set.

package typealias FloatPointer = UnsafePointer<Float>
package typealias MutableFloatPointer = UnsafeMutablePointer<Float>

/// What a convolution needs besides its operands, in floats; a function of the geometry alone.
package struct ConvStorage: Equatable, Sendable {
  /// Weights as the forward kernel reads them.
  package var forwardWeights: Int
  /// Weights as the input gradient reads them; 0 when the input is a plane.
  package var backwardWeights: Int
  /// What a worker sums a leaf's weight gradient in, in the kernel's own layout.
  package var accumulator: Int
  /// A leaf's finished weight gradient, in the kernel's own layout.
  package var weightGradient: Int
  /// Scratch for one call over `imageGroup` images.
  package var scratch: Int
  /// Most images of one call.
  package var imageGroup: Int
  /// What the loops of a call come back to: weights, transforms or images, and backward one leaf's
  /// accumulator.
  package var forwardCall: Int
  package var backwardCall: Int

  package init(
    forwardWeights: Int, backwardWeights: Int, accumulator: Int, weightGradient: Int,
    scratch: Int, imageGroup: Int, forwardCall: Int, backwardCall: Int
  ) {
    self.forwardWeights = forwardWeights
    self.backwardWeights = backwardWeights
    self.accumulator = accumulator
    self.weightGradient = weightGradient
    self.scratch = scratch
    self.imageGroup = imageGroup
    self.forwardCall = forwardCall
    self.backwardCall = backwardCall
  }
}

/// Which images of a backward call sum together: each leaf of `imageCount` images in a row has sums of its
/// own, so that their bits do not depend on how many leaves a call takes.
package struct CallLeaves: Equatable, Sendable {
  /// The first image is a leaf's first, unless the call holds no more than is left of one leaf.
  package var imageCount: Int
  /// Whether the leaves begin with this call: what accumulators hold is lost.
  package var overwrites: Bool
  /// Floats from a leaf's accumulator to the next one's.
  package var accumulatorStride: Int
  /// Floats from a leaf's bias gradient to the next one's.
  package var biasStride: Int

  package init(imageCount: Int, overwrites: Bool, accumulatorStride: Int, biasStride: Int) {
    self.imageCount = imageCount
    self.overwrites = overwrites
    self.accumulatorStride = accumulatorStride
    self.biasStride = biasStride
  }

  /// All images of a call are one leaf's, and join what its accumulator holds.
  package static let one = CallLeaves(
    imageCount: .max, overwrites: false, accumulatorStride: 0, biasStride: 0)
}

/// Convolutions over 1 to `imageGroup` images; image `i` lies `i` times the geometry's count behind
/// the first. Layouts of `x`, `z`, `dz`, `dx` as in `ConvGeometry`.
package protocol ConvKernels: Sendable {
  /// Storage for a geometry; the same on every instruction set.
  func convStorage(_ geometry: ConvGeometry) -> ConvStorage

  /// Packs a tile of `weights [out, in, kernel, kernel]`; its part of both packed forms is
  /// overwritten, lanes beyond the last channel zero.
  func convPackWeights(
    _ geometry: ConvGeometry, _ tile: WeightTile, weights: FloatPointer,
    forward: MutableFloatPointer, backward: MutableFloatPointer?)

  /// `z = conv(x, weights)` without bias; overwrites.
  func convForward(
    _ geometry: ConvGeometry, imageCount: Int, x: FloatPointer, weights: FloatPointer,
    z: MutableFloatPointer, scratch: MutableFloatPointer)

  /// `accumulator += xᵀ·dz` in the kernel's layout, leaf by leaf;
  /// `dx = convᵀ(dz)` overwritten unless nil (`weights`, packed for backward, may be nil then).
  func convBackward(
    _ geometry: ConvGeometry, imageCount: Int, leaves: CallLeaves, x: FloatPointer,
    dz: FloatPointer,
    weights: FloatPointer?, accumulator: MutableFloatPointer, dx: MutableFloatPointer?,
    scratch: MutableFloatPointer)

  /// Whether the pass below takes a unit; the same on every instruction set.
  func fusesOutputGradient(_ geometry: ConvGeometry, _ shape: ActivationShape) -> Bool

  /// `outputGradient` of each image and `convBackward` in one: the same bits, `dz` never stored.
  func convBackward(
    _ geometry: ConvGeometry, _ shape: ActivationShape, _ constants: ChannelConstants,
    _ factors: GradientFactors, imageCount: Int, leaves: CallLeaves, x: FloatPointer,
    operands: GradientOperands, biasGradient: MutableFloatPointer, weights: FloatPointer?,
    accumulator: MutableFloatPointer, dx: MutableFloatPointer?, scratch: MutableFloatPointer)

  /// What the calls of a leaf have summed, as the leaf's weight gradient; overwrites it and leaves
  /// nothing useful in `accumulator`. Gradients of leaves may be added.
  func convFinishWeightGradient(
    _ geometry: ConvGeometry, accumulator: MutableFloatPointer,
    weightGradient: MutableFloatPointer)

  /// A tile of the kernel's layout to its place in `result [out, in, kernel, kernel]`; overwrites.
  func convUnpackWeightGradient(
    _ geometry: ConvGeometry, _ tile: WeightTile, weightGradient: FloatPointer,
    result: MutableFloatPointer)
}

/// The first block of a network in one pass, so that its full-size activation is never stored.
package protocol FirstStageKernels: Sendable {
  /// Whether the two passes below take this unit; the same on every instruction set.
  func fusesFirstStage(_ geometry: ConvGeometry, _ shape: ActivationShape) -> Bool

  /// `convForward`, `activate` and `pool` of one image: `s` overwritten, the full-size activation
  /// joins `moments` unless that is nil. `weights` and scratch as `convStorage` says.
  func firstStageForward(
    _ geometry: ConvGeometry, _ constants: ChannelConstants, x: FloatPointer,
    weights: FloatPointer, s: MutableFloatPointer, moments: MutableFloatPointer?,
    scratch: MutableFloatPointer)

  /// `outputGradient` and `convBackward` of one image, from `x` and `dy` alone; `weights` are those
  /// of the forward pass. `accumulator +=` as in `convBackward`, `biasGradient [blocks, 16] += Σdz`.
  func firstStageBackward(
    _ geometry: ConvGeometry, _ constants: ChannelConstants, _ factors: GradientFactors,
    x: FloatPointer, weights: FloatPointer, dy: FloatPointer, accumulator: MutableFloatPointer,
    biasGradient: MutableFloatPointer, scratch: MutableFloatPointer)
}
