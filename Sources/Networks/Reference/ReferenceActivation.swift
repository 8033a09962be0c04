// Element-wise activations and their gradients.
// Where a function has a kink, the piece that a value lies in is kept, so that another run's can be put
// in its place.

extension Reference {
  /// `y = max(x, 0)`: `x` where `mask` is 1, 0 where it is 0; `mask` nil is `x > 0`. A NaN stays, so
  /// that a diverged network shows; no gradient passes it.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  package static func reluForward(
    x: [Scalar], mask: [Bool]? = nil
  ) -> (y: [Scalar], mask: [Bool]) {
    let mask = mask ?? x.map { $0 > 0 }
    return (zip(x, mask).map { $1 || $0.isNaN ? $0 : 0 }, mask)
  }

  /// `dx = dy · [x > 0]`.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  package static func reluBackward(mask: [Bool], dy: [Scalar]) -> [Scalar] {
    zip(dy, mask).map { $1 ? $0 : 0 }
  }

  /// `y = 1/(1 + e^−x)`.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  package static func sigmoidForward(x: [Scalar]) -> [Scalar] { x.map(sigmoid) }

  /// `dx = dy · y·(1 − y)`.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  package static func sigmoidBackward(y: [Scalar], dy: [Scalar]) -> [Scalar] {
    zip(dy, y).map { $0 * ($1 * (1 - $1)) }
  }

  @inline(__always)
  private static func sigmoid(_ x: Scalar) -> Scalar { 1 / (1 + Scalar.exponential(-x)) }

  /// `y = tanh x`.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  package static func tanhForward(x: [Scalar]) -> [Scalar] { x.map(Scalar.hyperbolicTangent) }

  /// `dx = dy · (1 − y²)`.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  package static func tanhBackward(y: [Scalar], dy: [Scalar]) -> [Scalar] {
    zip(dy, y).map { $0 * (1 - $1 * $1) }
  }

  /// `y = x·σ(x)` with `σ(x) = 1/(1 + e^−x)` (Elfwing et al. 2017).
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  package static func siluForward(x: [Scalar]) -> [Scalar] { x.map { $0 * sigmoid($0) } }

  /// `dx = dy · σ(x)·(1 + x·(1 − σ(x)))`.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  package static func siluBackward(x: [Scalar], dy: [Scalar]) -> [Scalar] {
    zip(dy, x).map {
      let s = sigmoid($1)
      return $0 * (s * (1 + $1 * (1 - s)))
    }
  }

  /// `y = x·Φ(x)` with `Φ(x) = (1 + erf(x/√2))/2` (Hendrycks & Gimpel 2016).
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  package static func geluForward(x: [Scalar]) -> [Scalar] { x.map { $0 * normalShare($0) } }

  /// `dx = dy · (Φ(x) + x·e^(−x²/2)/√(2π))`.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  package static func geluBackward(x: [Scalar], dy: [Scalar]) -> [Scalar] {
    zip(dy, x).map {
      $0 * (normalShare($1) + $1 * Scalar.exponential(-$1 * $1 / 2) * 0.3989422804014327)
    }
  }

  @inline(__always)
  private static func normalShare(_ x: Scalar) -> Scalar {
    (1 + Scalar.errorFunction(x * 0.7071067811865476)) / 2
  }

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

  /// Where its slope jumps, from left to right.
  package var kinks: [Float] {
    switch function {
    case .relu6: [0, 6]
    case .hardSwish: [-3, 3]
    default: [0]
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

extension ReferenceNetwork {
  /// An activation's output with its backward pass.
  func activation(
    _ function: Activation, _ index: Int, _ x: [Scalar], _ mode: Mode
  ) -> Step {
    switch function {
    case .relu:
      let (y, mask) = Reference.reluForward(x: x, mask: mode.reluMasks[index])
      return Step(y, record: .relu(mask: mask)) { Reference.reluBackward(mask: mask, dy: $0) }
    case .sigmoid:
      let y = Reference.sigmoidForward(x: x)
      return Step(y) { Reference.sigmoidBackward(y: y, dy: $0) }
    case .tanh:
      let y = Reference.tanhForward(x: x)
      return Step(y) { Reference.tanhBackward(y: y, dy: $0) }
    case .silu: return Step(Reference.siluForward(x: x)) { Reference.siluBackward(x: x, dy: $0) }
    case .gelu: return Step(Reference.geluForward(x: x)) { Reference.geluBackward(x: x, dy: $0) }
    case .relu6, .hardSwish, .leakyRelu:
      let pieced = PiecewiseActivation(function)!
      let (y, pieces) = Reference.piecewiseForward(pieced, x: x, pieces: mode.pieces[index])
      return Step(y, record: .pieces(pieces)) {
        Reference.piecewiseBackward(pieced, x: x, pieces: pieces, dy: $0)
      }
    }
  }
}
