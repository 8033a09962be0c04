// Exponential and logarithm of our own: the C library's differ between machines.
// Both are one polynomial after a range reduction (coefficients of Moshier's Cephes, 1989).
import KernelTypes

/// `e^x`, error below 2 units in the last place on [-87.3, 88.3]; arguments beyond are clamped there,
/// NaN stays NaN.
@inline(__always) func exponential(_ x: Lanes) -> Lanes {
  let low = x.replacing(with: -87.3, where: x .< -87.3)
  let clamped = low.replacing(with: 88.3, where: low .> 88.3)
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

/// `ln x` of a normal, positive `x`, error below 2 units in the last place (1e-7 near 1).
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
