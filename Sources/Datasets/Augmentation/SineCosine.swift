// Sine and cosine for the angles of augmentation.
// libm may differ between systems in the last bit; these are the same everywhere.

/// Sine and cosine of `angle` in radians, |angle| at most π: Taylor polynomials of degree 25 and
/// 24, absolute error below 1e-12.
func sineCosine(_ angle: Double) -> (sine: Double, cosine: Double) {
  let square = angle * angle
  var sine = 1.0
  var cosine = 1.0
  for degree in stride(from: 24.0, to: 0, by: -2) {
    sine = 1 - square / (degree * (degree + 1)) * sine
    cosine = 1 - square / ((degree - 1) * degree) * cosine
  }
  return (angle * sine, cosine)
}
