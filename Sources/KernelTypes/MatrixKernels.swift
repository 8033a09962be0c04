// Products of whole matrices, for optimizers that take weights as such.

/// An odd polynomial `aX + bX³ + cX⁵` of a matrix's singular values.
package struct OddPolynomial: Equatable, Sendable {
  package var a: Float
  package var b: Float
  package var c: Float

  package init(a: Float, b: Float, c: Float) { (self.a, self.b, self.c) = (a, b, c) }
}

/// A matrix for Newton-Schulz iterations.
package struct IteratedMatrix: Equatable, Sendable {
  /// Not more than `length`.
  package var side: Int
  package var length: Int

  package init(side: Int, length: Int) { (self.side, self.length) = (side, length) }

  /// Rows of this many floats, the last lanes zero, hold `side`.
  package var stride: Int { channelBlocks(side) * channelLanes }
  /// Floats of the matrix and its successor, by columns, and of two products.
  package var workCount: Int { 2 * (length + side) * stride }
}

/// Passes over a weight as a matrix.
package protocol MatrixKernels: Sendable {
  /// `X ← aX + (bG + cG²)X` with `G = XXᵀ`, `iterations` times; `matrix` is `[side, length]`.
  ///
  /// Every product and every sum is rounded, on every instruction set, in the order of the plain loops of
  /// `Muon`: results have their bits. `work` holds `workCount` floats, aligned to 64 bytes.
  func newtonSchulz(
    _ shape: IteratedMatrix, _ polynomial: OddPolynomial, iterations: Int,
    matrix: MutableFloatPointer, work: MutableFloatPointer)
}
