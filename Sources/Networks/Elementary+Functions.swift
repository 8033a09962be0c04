// tanh and erf of our own: the functions behind `tanh` and `gelu`.
// Series and continued fractions whose terms all have one sign, so that nothing cancels.

extension Elementary {
  /// Hyperbolic tangent, within 3 units in the last place.
  package static func tanh(_ x: Double) -> Double {
    let size = abs(x)
    guard size < 1 else {
      // From 19.07 on the result is 1.
      return size < 20
        ? (x < 0 ? -1 : 1) * (1 - 2 / (exp(2 * size) + 1)) : (x < 0 ? -1 : x > 0 ? 1 : x)
    }
    // Lambert's continued fraction x/(1 + x²/(3 + x²/(5 + …))).
    let square = x * x
    var rest = 23.0
    for odd in stride(from: 21.0, through: 1, by: -2) { rest = odd + square / rest }
    return x / rest
  }

  /// Error function `2/√π · ∫ e^(−t²) dt` from 0 to `x`, within 5 units in the last place.
  package static func erf(_ x: Double) -> Double {
    let size = abs(x)
    guard size < 6 else { return x > 0 ? 1 : x < 0 ? -1 : x }
    // The square of the first part is exact, and so no rounding error is multiplied by x².
    let high = Double(Float(size))
    let low = size - high
    let value: Double
    if size < 1.5 {
      // 2/√π · x·e^(−x²) · (1 + z/3·(1 + z/5·(1 + …))) with z = 2x², two terms of Taylor's for the rest.
      let z = 2 * high * high
      var sum = 1.0
      for term in stride(from: 24.0, through: 1, by: -1) { sum = 1 + z / (2 * term + 1) * sum }
      value = 1.1283791670955126 * exp(-high * high) * (high * sum + (low - high * low * low))
    } else {
      // 1 − e^(−x²)/√π / (x + ½/(x + 1/(x + 1½/(x + …)))), the continued fraction of erfc.
      var rest = size
      for term in stride(from: 100.0, through: 1, by: -1) { rest = size + term / 2 / rest }
      value = 1 - exp(-high * high) * exp(-low * (size + high)) * 0.5641895835477563 / rest
    }
    return x < 0 ? -value : value
  }

  package static func tanh(_ x: Float) -> Float { Float(tanh(Double(x))) }
  package static func erf(_ x: Float) -> Float { Float(erf(Double(x))) }
}
