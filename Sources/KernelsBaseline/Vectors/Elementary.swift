// Elementary functions of our own: the C library's differ between machines.
// Each is a polynomial after a range reduction (coefficients of Moshier's Cephes, 1989).
import PTrainKernelTypes

/// `e^x`, error below 2 units in the last place on [-87.3, 88.3]; arguments beyond are clamped there,
/// NaN stays NaN.
@inline(__always) func exponential(_ x: Lanes) -> Lanes {
  let low = x.replacing(with: -87.3, where: x .< -87.3)
  return exponentialInside(low.replacing(with: 88.3, where: low .> 88.3))
}

/// `e^-a` for `a` of 0 and more, below 1.7e-38 where that is smaller; what it makes of a NaN is open.
@inline(__always) func decay(_ a: Lanes) -> Lanes {
  let limit = Lanes(repeating: 87)
  return exponentialInside(-select(negativeMask(a - limit), a, limit))
}

/// `e^x` on [-87.3, 88.3].
@inline(__always) private func exponentialInside(_ clamped: Lanes) -> Lanes {
  // Adding 1.5·2^23 rounds to an integer and leaves it in the low bits.
  let shifted = multiplyAdd(clamped, Lanes(repeating: 1.442_695_04), Lanes(repeating: 12_582_912))
  let n = shifted - Lanes(repeating: 12_582_912)
  let r = multiplyAdd(
    n, Lanes(repeating: 2.121_944_40e-4),
    multiplyAdd(n, Lanes(repeating: -0.693_359_375), clamped))
  var p = Lanes(repeating: 1.987_569_15e-4)
  p = multiplyAdd(p, r, Lanes(repeating: 1.398_199_950_7e-3))
  p = multiplyAdd(p, r, Lanes(repeating: 8.333_451_907_3e-3))
  p = multiplyAdd(p, r, Lanes(repeating: 4.166_579_589_4e-2))
  p = multiplyAdd(p, r, Lanes(repeating: 1.666_666_545_9e-1))
  p = multiplyAdd(p, r, Lanes(repeating: 0.5))
  p = multiplyAdd(p, r * r, r + Lanes(repeating: 1))
  let exponent = unsafeBitCast(shifted, to: LaneBits.self) &<< LaneBits(repeating: 23)
  return unsafeBitCast(exponent &+ unsafeBitCast(p, to: LaneBits.self), to: Lanes.self)
}

/// `ln x` of a normal, positive `x`, error below 2 units in the last place (1e-7 near 1); some number
/// for anything else, a NaN included.
@inline(__always) func logarithm(_ x: Float) -> Float {
  // m in [√½, √2): subtracting the bits of √½ splits exponent and mantissa in one step.
  let offset = x.bitPattern &- 0x3f35_04f3
  let exponent = Float(Int32(bitPattern: offset) &>> 23)
  let m = Float(bitPattern: (offset & 0x007f_ffff) &+ 0x3f35_04f3) - 1
  let square = m * m
  var p: Float = 7.037_683_629_2e-2
  p = multiplyAdd(p, m, -1.151_461_031_0e-1)
  p = multiplyAdd(p, m, 1.167_699_874_0e-1)
  p = multiplyAdd(p, m, -1.242_014_084_6e-1)
  p = multiplyAdd(p, m, 1.424_932_278_7e-1)
  p = multiplyAdd(p, m, -1.666_805_766_5e-1)
  p = multiplyAdd(p, m, 2.000_071_476_5e-1)
  p = multiplyAdd(p, m, -2.499_999_399_3e-1)
  p = multiplyAdd(p, m, 3.333_333_117_4e-1)
  p = multiplyAdd(p * m, square, -0.5 * square)
  p = multiplyAdd(exponent, -2.121_944_40e-4, p)
  return multiplyAdd(exponent, 0.693_359_375, m + p)
}

/// `1 / (1 + e^-x)`, error below 2e-7.
@inline(__always) func sigmoid(_ x: Lanes) -> Lanes {
  let one = Lanes(repeating: 1)
  return one / (one + exponential(-x))
}

/// `-value` where `x` is below zero, else `value`; by masks, since the compiler takes vectors apart whose
/// sign bits alone change.
@inline(__always) private func negated(_ value: Lanes, whereNegative x: Lanes) -> Lanes {
  select(negativeMask(x), -value, value)
}

/// `tanh x`, error below 2e-7, and near zero relatively as small.
@inline(__always) func hyperbolicTangent(_ x: Lanes) -> Lanes {
  let square = x * x
  var p = Lanes(repeating: -5.704_988_727_45e-3)
  p = multiplyAdd(p, square, Lanes(repeating: 2.063_908_879_54e-2))
  p = multiplyAdd(p, square, Lanes(repeating: -5.373_971_555_31e-2))
  p = multiplyAdd(p, square, Lanes(repeating: 1.333_144_220_36e-1))
  p = multiplyAdd(p, square, Lanes(repeating: -3.333_328_194_22e-1))
  let near = multiplyAdd(p * square, x, x)
  let one = Lanes(repeating: 1)
  // Of -|x|, so that the power is at most 1.
  let magnitude = negated(x, whereNegative: x)
  let power = exponential(magnitude * Lanes(repeating: -2))
  let far = (one - power) / (one + power)
  let isNear = negativeMask(magnitude - Lanes(repeating: 0.625))
  return select(isNear, near, negated(far, whereNegative: x))
}

/// `erf x`, error below 4e-7 (Abramowitz & Stegun 1964, 7.1.26: one form for all arguments, so that a
/// loop of it stays one of whole vectors).
@inline(__always) func errorFunction(_ x: Lanes) -> Lanes {
  let one = Lanes(repeating: 1)
  let magnitude = negated(x, whereNegative: x)
  let t = one / multiplyAdd(magnitude, Lanes(repeating: 0.327_591_1), one)
  var p = Lanes(repeating: 1.061_405_429)
  p = multiplyAdd(p, t, Lanes(repeating: -1.453_152_027))
  p = multiplyAdd(p, t, Lanes(repeating: 1.421_413_741))
  p = multiplyAdd(p, t, Lanes(repeating: -0.284_496_736))
  p = multiplyAdd(p, t, Lanes(repeating: 0.254_829_592))
  return negated(one - p * t * decay(x * x), whereNegative: x)
}
