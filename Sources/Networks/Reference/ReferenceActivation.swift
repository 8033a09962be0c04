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
}
