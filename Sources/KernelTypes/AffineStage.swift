// The entry points for a first layer that is affine in the image, and the sums they need.
// Such a layer is made again wherever it is read, so neither it nor its gradient is ever stored.

/// Where the sums over an image stand from which those over all 3x3 windows follow.
///
/// Products of pixels `(dy, dx)` apart, over the image and over each of its edges; only edges differ
/// between two places in a window. A group is five lags `dx = -2...2` and the sum of all pixels.
package enum ImageMoments {
  /// Floats of a group.
  package static let group = 6
  /// Lag 0 of a group.
  package static let center = 2
  /// The plain sum of a group.
  package static let total = 5
  /// First group: the lags of rows `dy` = 0, 1, 2 apart over the image.
  package static let lags = 0
  /// Groups of the first and the last row, then of the first and the last column.
  package static let edges = 3 * group
  /// The pixels at the corners (first row first), then their squares.
  package static let corners = 7 * group
  /// The number of images.
  package static let images = corners + 8
  /// Floats, whole vectors.
  package static let count = 64
}

/// A first layer of one plane whose output is `y = relu(scale·conv(x) + shift)` and nothing else.
package protocol AffineStageKernels: Sendable {
  /// Whether the passes below take this geometry; the same on every instruction set.
  func fusesAffineStage(_ geometry: ConvGeometry) -> Bool

  /// `sums [ImageMoments.count] +=` those of the plane `x`.
  func imageMoments(
    _ geometry: ConvGeometry, x: FloatPointer, sums: MutableFloatPointer,
    scratch: MutableFloatPointer)

  /// `y [B_out, height + 2·padding, width + 2·padding, 16]`, zeros around it; overwrites.
  func affineStageForward(
    _ geometry: ConvGeometry, _ constants: ChannelConstants, x: FloatPointer,
    weights: FloatPointer, padding: Int, y: MutableFloatPointer, scratch: MutableFloatPointer)

  /// With `g = dy · [y > 0]`, `dy [B_out, height, width, 16]`: `weightGradient += xᵀ·g` in the layout
  /// of the convolution's own, `sums [B_out, 16] += Σg`.
  func affineStageBackward(
    _ geometry: ConvGeometry, x: FloatPointer, padding: Int, y: FloatPointer, dy: FloatPointer,
    weightGradient: MutableFloatPointer, sums: MutableFloatPointer, scratch: MutableFloatPointer)
}
