// Products of whole matrices, for optimizers that take weights as such.

/// An odd polynomial `aX + bX³ + cX⁵` of a matrix's singular values.
package struct OddPolynomial: Equatable, Sendable {
  package var a: Float
  package var b: Float
  package var c: Float

  package init(a: Float, b: Float, c: Float) { (self.a, self.b, self.c) = (a, b, c) }
}

/// The passes of an iteration, each after all parts of the one before.
package enum NewtonSchulzPass: CaseIterable, Sendable {
  /// `G = XXᵀ`.
  case gram
  /// `P = bG + cG²`.
  case polynomial
  /// `X ← aX + PX`.
  case advance
}

/// A matrix for Newton-Schulz iterations.
package struct IteratedMatrix: Equatable, Sendable {
  /// Not more than `length`.
  package var side: Int
  package var length: Int

  package init(side: Int, length: Int) { (self.side, self.length) = (side, length) }

  /// Columns of the matrix that a part of the last pass makes; the last part has what is left too.
  package static let partColumns = 64

  /// Rows of this many floats, the last lanes zero, hold `side`.
  package var stride: Int { channelBlocks(side) * channelLanes }
  /// Floats of the matrix and its successor, by columns, and of two products.
  package var workCount: Int { 2 * (length + side) * stride }

  /// Parts of a pass, which touch nothing that another part writes.
  package func partCount(_ pass: NewtonSchulzPass) -> Int {
    switch pass {
    case .gram, .polynomial: channelBlocks(side)
    case .advance: max(1, length / Self.partColumns)
    }
  }

  /// Where in `work` the matrix lies before an iteration: `[length, stride]`, a column behind the other.
  /// Its successor's place, that before the next one, can hold a matrix `[side, length]` meanwhile.
  package func columns(_ work: MutableFloatPointer, before iteration: Int) -> MutableFloatPointer {
    work + iteration % 2 * length * stride
  }
}

/// Passes over a weight as a matrix.
package protocol MatrixKernels: Sendable {
  /// Part `part` of a pass of `X ← aX + (bG + cG²)X` with `G = XXᵀ`.
  ///
  /// Every product and every sum is rounded, on every instruction set, in the order of the plain loops of
  /// `Muon`: results have their bits. `work` holds `workCount` floats, aligned to 64 bytes.
  func newtonSchulz(
    _ pass: NewtonSchulzPass, part: Int, _ matrix: IteratedMatrix, _ polynomial: OddPolynomial,
    iteration: Int, work: MutableFloatPointer)

  /// `rows [side, length]` as `columns [length, stride]`.
  func matrixColumns(_ matrix: IteratedMatrix, rows: FloatPointer, columns: MutableFloatPointer)

  /// The other way.
  func matrixRows(_ matrix: IteratedMatrix, columns: FloatPointer, rows: MutableFloatPointer)
}
