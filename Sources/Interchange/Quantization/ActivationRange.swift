// Which range of real numbers the 256 numbers of a value stand for.
// Everything up to the extremes costs resolution for numbers that hardly occur; less cuts them off.

/// How a range follows from what occurred in calibration.
package enum RangeMethod: String, CaseIterable, Sendable {
  /// The one with the least sum of squared errors, of rounding and of cutting off.
  case leastSquares = "least-squares"
  /// Everything that occurred.
  case minMax = "min-max"
  /// Without the largest ten-thousandth, and the smallest.
  case percentile
}

/// A range with 0 in it.
struct ActivationRange: Equatable, Sendable {
  var low: Float
  var high: Float

  /// The form of values in this range; 0 is a number of its own.
  func value(_ scale: Float) -> (scale: Float, zeroPoint: Int) {
    (scale, min(127, max(-128, Int((-128 - low / scale).rounded()))))
  }

  /// 255 steps from end to end; 1 of nothing.
  var scale: Float { high > low ? (high - low) / 255 : 1 }
}

extension ValueHistogram {
  func range(_ method: RangeMethod) -> ActivationRange {
    switch method {
    case .minMax: ActivationRange(low: minimum, high: maximum)
    case .percentile: percentileRange(0.0001)
    case .leastSquares: leastSquaresRange
    }
  }

  /// Centres of the bins that hold something.
  private var points: [(value: Float, count: Float)] {
    counts.enumerated().filter { $1 > 0 }.map {
      ((Float($0 - Self.sideCount) + 0.5) * width, Float($1))
    }
  }

  private func percentileRange(_ share: Double) -> ActivationRange {
    let total = counts.reduce(zeroCount, +)
    let kept = total - Int(share * Double(total))
    func end(_ points: some Sequence<(value: Float, count: Float)>, _ extreme: Float) -> Float {
      // From 0 outwards, with all on the other side.
      var seen = total - points.reduce(0) { $0 + Int($1.count) }
      for (value, count) in points {
        seen += Int(count)
        if seen >= kept { return value }
      }
      return extreme
    }
    let (below, above) = (points.filter { $0.value < 0 }, points.filter { $0.value > 0 })
    return ActivationRange(
      low: max(minimum, min(0, end(below.reversed(), minimum))),
      high: min(maximum, max(0, end(above, maximum))))
  }

  private var leastSquaresRange: ActivationRange {
    let points = points
    var best = ActivationRange(low: minimum, high: maximum)
    var leastError = squaredError(best, points)
    // One end after the other: from the whole side to a fifth of it.
    for end in [\ActivationRange.high, \.low, \.high] {
      let whole = end == \.high ? maximum : minimum
      for step in 0..<64 where whole != 0 {
        var range = best
        range[keyPath: end] = whole * (1 - Float(step) / 80)
        let error = squaredError(range, points)
        if error < leastError { (best, leastError) = (range, error) }
      }
    }
    return best
  }

  private func squaredError(
    _ range: ActivationRange, _ points: [(value: Float, count: Float)]
  ) -> Double {
    let (scale, zero) = range.value(range.scale)
    let (low, high) = (Float(-128 - zero), Float(127 - zero))
    var sum = 0.0
    for (value, count) in points {
      let rounded = min(high, max(low, (value / scale).rounded())) * scale
      sum += Double(count * (rounded - value) * (rounded - value))
    }
    return sum
  }
}
