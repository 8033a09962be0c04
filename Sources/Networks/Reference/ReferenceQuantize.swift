// Values as the nearest 8-bit numbers. Rounding has no gradient: it passes as if there were none, and stops
// where the range ends (Bengio et al. 2013, "straight through").

extension Reference {
  /// `y = s · clamp(round(x / s))`, from `-128 − z` to `127 − z`.
  ///
  /// - Parameters:
  ///   - x: values of any number.
  ///   - form: the scale `s` and the zero `z`.
  ///   - pieces: of another run, to use instead of where `x` lies: 0 below the range, 1 in it, 2 above.
  ///   - steps: of another run, to use instead of `round(x / s)` where they are within 1 of it.
  package static func quantizeForward(
    x: [Scalar], form: NumberForm, pieces: [Int8]? = nil, steps: [Scalar]? = nil
  ) -> (y: [Scalar], pieces: [Int8]) {
    let scale = Scalar(form.scale)
    let (low, high) = (Scalar(form.lowest), Scalar(form.highest))
    let own = x.map { min(max($0 / scale, low), high).rounded(.toNearestOrEven) }
    let taken = steps.map { zip($0, own).map { abs($0 - $1) <= 1 ? $0 : $1 } } ?? own
    let places = x.map { Int8($0 / scale < low ? 0 : $0 / scale > high ? 2 : 1) }
    return (taken.map { $0 * scale }, pieces ?? places)
  }

  /// `dx = dy` in the range, 0 beyond it.
  package static func quantizeBackward(pieces: [Int8], dy: [Scalar]) -> [Scalar] {
    zip(pieces, dy).map { $0 == 1 ? $1 : 0 }
  }
}
