// Positive factors as integers multiply by them, and the clamps of fused activations: TensorFlow Lite's
// numbers (Jacob et al. 2018; QuantizeMultiplier, CalculateActivationRangeQuantized).

/// `multiplier · 2^(shift − 31)`, the multiplier from 2³⁰ on.
struct FixedPoint: Equatable, Sendable {
  var multiplier: Int32
  /// Left where positive, right where negative; -31 at least.
  var shift: Int

  /// - Parameter factor: 0 or above.
  init(_ factor: Double) {
    precondition(factor >= 0 && factor.isFinite)
    guard factor > 0 else {
      (multiplier, shift) = (0, 0)
      return
    }
    shift = Int(factor.exponent) + 1
    var fixed = Int64((factor.significand * 0x1p30).rounded(.toNearestOrAwayFromZero))
    if fixed == 1 << 31 {
      fixed /= 2
      shift += 1
    }
    // What would shift out every bit.
    if shift < -31 { (fixed, shift) = (0, 0) }
    multiplier = Int32(fixed)
  }
}

/// A factor with every bit of a Double: `(high · 2³¹ + low) · 2^(−31 − shift)`.
struct WideFactor: Equatable, Sendable {
  var high: Int32
  var low: Int32
  /// 1 to 62.
  var shift: Int

  /// - Parameter factor: 0 or above, below 2²⁹.
  init(_ factor: Double) {
    precondition(factor >= 0 && factor < 0x1p29)
    // Smaller ones leave nothing of any sum of 32 bits.
    guard factor >= 0x1p-32 else {
      (high, low, shift) = (0, 0, 1)
      return
    }
    shift = 30 - Int(factor.exponent)
    let bits = Int64(factor.significand * 0x1p61)
    (high, low) = (Int32(bits >> 31), Int32(bits & 0x7fff_ffff))
  }
}

extension QuantizedValue {
  /// The numbers that a step with `activation` leaves.
  func range(_ activation: FusedActivation) -> ClosedRange<Int> {
    func number(_ real: Float) -> Int {
      let steps = (real / scale).rounded(.toNearestOrAwayFromZero)
      return zeroPoint + Int(min(steps, 0x1p20))
    }
    switch activation {
    case .none: return -128...127
    case .relu: return max(-128, number(0))...127
    case .relu6: return max(-128, number(0))...min(127, number(6))
    }
  }
}
