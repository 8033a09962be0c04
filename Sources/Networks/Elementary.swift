// exp, log, sin and cos of our own, in Double and Float.
// The same bits on every machine and C library; multiply and add are rounded separately.

/// Elementary functions with known error; `Float` versions round the `Double` result once.
package enum Elementary {
  /// `e^x`, within 1 unit in the last place; infinite above 709.78, 0 below -745.13.
  package static func exp(_ x: Double) -> Double {
    guard x == x, x < 709.79, x > -745.14 else { return x == x ? (x > 0 ? .infinity : 0) : x }
    let quotient = nearestInteger(x * 1.4426950408889634)
    let r = (x - quotient * ln2High) - quotient * ln2Low
    let tail = r * r * polynomial(r, expCoefficients)
    // Two factors, since 2^-1074 and 2^1024 are not both products of one normal number.
    let half = Int(quotient) / 2
    return (1 + (r + tail)) * powerOfTwo(half) * powerOfTwo(Int(quotient) - half)
  }

  /// Natural logarithm, within 1 unit in the last place; `-inf` at 0, NaN below.
  package static func log(_ x: Double) -> Double {
    guard x > 0, x < .infinity else { return x == 0 ? -.infinity : (x > 0 ? x : .nan) }
    var mantissa = x.significand
    var exponent = Double(x.exponent)
    if mantissa > 1.4142135623730951 {
      mantissa /= 2
      exponent += 1
    }
    // log(1 + f) = 2·atanh(s) with s = f/(2 + f), arranged so that f itself stays exact.
    let f = mantissa - 1
    let s = f / (2 + f)
    let z = s * s
    let half = 0.5 * f * f
    let series = z * polynomial(z, logCoefficients)
    return exponent * ln2High - ((half - (s * (half + series) + exponent * ln2Low)) - f)
  }

  /// Sine of radians, within 2^-52 absolutely for `|x| <= 2^20`; NaN beyond.
  package static func sin(_ x: Double) -> Double { turned(x, quarters: 0) }

  /// Cosine of radians, within 2^-52 absolutely for `|x| <= 2^20`; NaN beyond.
  package static func cos(_ x: Double) -> Double { turned(x, quarters: 1) }

  package static func exp(_ x: Float) -> Float { Float(exp(Double(x))) }
  package static func log(_ x: Float) -> Float { Float(log(Double(x))) }
  package static func sin(_ x: Float) -> Float { Float(sin(Double(x))) }
  package static func cos(_ x: Float) -> Float { Float(cos(Double(x))) }

  /// `base^exponent` by squaring, within `exponent · 2^-53` relatively; `exponent` is at least 0.
  package static func power(_ base: Double, _ exponent: Int) -> Double {
    var result = 1.0
    var square = base
    var rest = exponent
    while rest > 0 {
      if rest & 1 == 1 { result *= square }
      square *= square
      rest >>= 1
    }
    return result
  }

  // MARK: Parts

  /// `sin(x + quarters·π/2)`; π/2 in three parts of 33 bits, so that each product is exact.
  private static func turned(_ x: Double, quarters: Int) -> Double {
    guard abs(x) <= 0x1p20 else { return .nan }
    let quotient = nearestInteger(x * 0.6366197723675814)
    let r =
      ((x - quotient * 1.5707963267341256) - quotient * 6.077100506303966e-11)
      - quotient * 2.0222662487959506e-21
    let z = r * r
    let quarter = (Int(quotient) + quarters) & 3
    let value =
      quarter & 1 == 0
      ? r + r * z * polynomial(z, sinCoefficients) : 1 + z * polynomial(z, cosCoefficients)
    return quarter & 2 == 0 ? value : -value
  }

  private static let ln2High = 0.6931471803691238  // 0x1.62e42feep-1, 33 bits
  private static let ln2Low = 1.9082149292705877e-10

  /// Adding 1.5·2^52 leaves no bits behind the point; `|x|` below 2^51.
  private static func nearestInteger(_ x: Double) -> Double {
    let shift = 0x1.8p52
    return (x + shift) - shift
  }

  /// `exponent` within the normal numbers' range.
  private static func powerOfTwo(_ exponent: Int) -> Double {
    Double(bitPattern: UInt64(exponent + 1023) << 52)
  }

  /// Coefficients from the highest power down.
  static func polynomial(_ x: Double, _ coefficients: [Double]) -> Double {
    coefficients.reduce(0) { $0 * x + $1 }
  }

  /// `1/n!` for the given n.
  private static func inverseFactorials(_ n: some Sequence<Int>) -> [Double] {
    n.map { 1 / (1...$0).reduce(1.0) { $0 * Double($1) } }
  }

  /// Taylor series: remainders are below 2^-57 of the result on the reduced ranges.
  private static let expCoefficients = inverseFactorials(stride(from: 14, through: 2, by: -1))
  private static let logCoefficients = stride(from: 23, through: 3, by: -2).map { 2 / Double($0) }
  private static let sinCoefficients = alternating(stride(from: 19, through: 3, by: -2))
  private static let cosCoefficients = alternating(stride(from: 18, through: 2, by: -2))

  /// `(-1)^(n/2)/n!`.
  private static func alternating(_ n: some Sequence<Int>) -> [Double] {
    zip(n, inverseFactorials(n)).map { $0 / 2 % 2 == 0 ? $1 : -$1 }
  }
}
