// Element-wise activations and their gradients.
// ReLU keeps its mask, so that another run's mask can be put in its place.

extension Reference {
  /// `y = max(x, 0)`: `x` where `mask` is 1, 0 where it is 0; `mask` nil is `x > 0`.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  package static func reluForward(
    x: [Scalar], mask: [Bool]? = nil
  ) -> (y: [Scalar], mask: [Bool]) {
    let mask = mask ?? x.map { $0 > 0 }
    return (zip(x, mask).map { $1 ? $0 : 0 }, mask)
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
  package static func sigmoidForward(x: [Scalar]) -> [Scalar] {
    x.map { 1 / (1 + Scalar.exponential(-$0)) }
  }

  /// `dx = dy · y·(1 − y)`.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  package static func sigmoidBackward(y: [Scalar], dy: [Scalar]) -> [Scalar] {
    zip(dy, y).map { $0 * ($1 * (1 - $1)) }
  }
}
