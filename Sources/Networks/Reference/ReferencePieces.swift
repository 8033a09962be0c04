// Activations that are put together of pieces: ReLU6, hard swish and leaky ReLU.
// A piece is chosen by the input, or taken from another run; value and gradient follow from it.

/// A function by its pieces 0, 1, … from left to right.
package struct PiecewiseActivation: Equatable, Sendable {
  let function: Activation

  /// Nil for functions without kinks, and for ReLU, whose mask is its own.
  package init?(_ function: Activation) {
    switch function {
    case .relu6, .hardSwish, .leakyRelu: self.function = function
    case .relu, .sigmoid, .tanh, .silu, .gelu: return nil
    }
  }

  /// The piece that `x` lies in; at a kink the one with the gradient that PyTorch takes.
  @inline(__always)
  func piece<Scalar: ReferenceScalar>(_ x: Scalar) -> Int8 {
    switch function {
    case .relu6: x > 0 ? (x >= 6 ? 2 : 1) : 0
    case .hardSwish: x > -3 ? (x >= 3 ? 2 : 1) : 0
    default: x > 0 ? 1 : 0
    }
  }

  /// Relu6: `0`, `x`, `6`. Hard swish: `0`, `x·(x + 3)/6`, `x`. Leaky ReLU: `slope·x`, `x`.
  @inline(__always)
  func value<Scalar: ReferenceScalar>(_ x: Scalar, piece: Int8) -> Scalar {
    switch (function, piece) {
    case (.leakyRelu(let slope), 0): Scalar(slope) * x
    case (_, 0): 0
    case (.hardSwish, 1): x * (x + 3) / 6
    case (.relu6, 2): 6
    default: x
    }
  }

  /// Relu6: `0`, `1`, `0`. Hard swish: `0`, `(2x + 3)/6`, `1`. Leaky ReLU: `slope`, `1`.
  @inline(__always)
  func slope<Scalar: ReferenceScalar>(_ x: Scalar, piece: Int8) -> Scalar {
    switch (function, piece) {
    case (.leakyRelu(let slope), 0): Scalar(slope)
    case (_, 0), (.relu6, 2): 0
    case (.hardSwish, 1): (2 * x + 3) / 6
    default: 1
    }
  }
}

extension Reference {
  /// `y = value(x)` on each value's piece; `pieces` nil are those that the values lie in.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  package static func piecewiseForward(
    _ function: PiecewiseActivation, x: [Scalar], pieces: [Int8]? = nil
  ) -> (y: [Scalar], pieces: [Int8]) {
    let pieces = pieces ?? x.map { function.piece($0) }
    return (zip(x, pieces).map { function.value($0, piece: $1) }, pieces)
  }

  /// `dx = dy · slope(x)`.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  package static func piecewiseBackward(
    _ function: PiecewiseActivation, x: [Scalar], pieces: [Int8], dy: [Scalar]
  ) -> [Scalar] {
    x.indices.map { dy[$0] * function.slope(x[$0], piece: pieces[$0]) }
  }
}
