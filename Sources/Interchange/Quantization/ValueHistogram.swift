// How often which numbers occur in a value of the network, for the choice of its range.
// Bins double in width as numbers grow: what comes out does not depend on the order of what comes in.

/// Counts over bins of one width, a power of two, around 0.
struct ValueHistogram: Equatable, Sendable {
  /// Bins on each side of 0.
  static let sideCount = 2048

  private(set) var minimum: Float = 0
  private(set) var maximum: Float = 0
  /// Numbers that are 0 itself, in no bin.
  private(set) var zeroCount = 0
  /// From the lowest bin up; empty before the first number.
  private(set) var counts: [Int] = []
  /// Width of a bin: 2 to this power.
  private(set) var exponent = 0

  var width: Float { Float(sign: .plus, exponent: exponent, significand: 1) }

  mutating func add(_ values: [Float]) {
    let (low, high) = (values.min() ?? 0, values.max() ?? 0)
    widen(to: max(-low, high))
    (minimum, maximum) = (min(minimum, low), max(maximum, high))
    let bins = 1 / width
    for value in values {
      if value == 0 {
        zeroCount += 1
      } else {
        counts[Self.sideCount + Int((value * bins).rounded(.down))] += 1
      }
    }
  }

  mutating func add(_ other: ValueHistogram) {
    var other = other
    widen(to: max(-other.minimum, other.maximum))
    other.widen(to: max(-minimum, maximum))
    (minimum, maximum) = (min(minimum, other.minimum), max(maximum, other.maximum))
    zeroCount += other.zeroCount
    for bin in other.counts.indices { counts[bin] += other.counts[bin] }
  }

  /// Makes bins wide enough for numbers up to `size` on both sides.
  private mutating func widen(to size: Float) {
    guard size > 0 else { return }
    // Smaller numbers than a bin of 2^-100 are none.
    let needed = max(-100, Int(size.exponent) + 1 - Self.sideCount.trailingZeroBitCount)
    if counts.isEmpty {
      counts = [Int](repeating: 0, count: 2 * Self.sideCount)
      exponent = needed
    }
    while exponent < needed {
      var wider = [Int](repeating: 0, count: counts.count)
      for bin in counts.indices {
        wider[Self.sideCount + (bin - Self.sideCount) >> 1] += counts[bin]
      }
      counts = wider
      exponent += 1
    }
  }
}
