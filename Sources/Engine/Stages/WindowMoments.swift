// What the sums over all windows of the images follow from: statistics and gradients of a linear layer
// whose output is never stored.

import PTrainKernelTypes

/// Sums over all 3x3 windows, zeros around the images: of each place, and of products of two places.
struct WindowMoments {
  static let taps = 9

  /// `[9]`
  let sums: UnsafeMutablePointer<Double>
  let imageCount: Double
  /// `[9, 9]`
  private let products: UnsafeMutablePointer<Double>

  /// Calls `body` with what follows from `ImageMoments`.
  static func with(_ moments: FloatPointer, _ body: (WindowMoments) -> Void) {
    withUnsafeTemporaryAllocation(of: Double.self, capacity: taps + taps * taps) { memory in
      body(WindowMoments(moments, memory.baseAddress!))
    }
  }

  private init(_ moments: FloatPointer, _ memory: UnsafeMutablePointer<Double>) {
    sums = memory
    products = memory + Self.taps
    imageCount = Double(moments[ImageMoments.images])
    for a in 0..<Self.taps {
      sums[a] = Self.sum(moments, a)
      for b in a..<Self.taps {
        products[a * Self.taps + b] = Self.product(moments, a, b)
        products[b * Self.taps + a] = products[a * Self.taps + b]
      }
    }
  }

  /// `Σ x[a]·z` for `z = w·x`.
  func product(_ a: Int, _ weights: FloatPointer) -> Double {
    (0..<Self.taps).reduce(0.0) { $0 + products[a * Self.taps + $1] * Double(weights[$1]) }
  }

  /// `(Σz, Σz²)` for `z = w·x`.
  func outputSums(_ weights: FloatPointer) -> (sum: Double, squares: Double) {
    var (sum, squares) = (0.0, 0.0)
    for tap in 0..<Self.taps {
      sum += Double(weights[tap]) * self.sums[tap]
      squares += Double(weights[tap]) * product(tap, weights)
    }
    return (sum, squares)
  }

  /// A window's first row never stands on the image's last one, its last row never on the first; so
  /// with the columns.
  private static func sum(_ moments: FloatPointer, _ a: Int) -> Double {
    let (y, x) = a.quotientAndRemainder(dividingBy: 3)
    var sum = Double(moments[ImageMoments.lags + ImageMoments.total])
    if let row = edge(y) { sum -= Double(moments[group(row) + ImageMoments.total]) }
    if let column = edge(x) { sum -= Double(moments[group(2 + column) + ImageMoments.total]) }
    if let row = edge(y), let column = edge(x) {
      sum += Double(moments[ImageMoments.corners + 2 * row + column])
    }
    return sum
  }

  /// Two places leave out the same edge, or all pairs that have both pixels in the image count.
  private static func product(_ moments: FloatPointer, _ a: Int, _ b: Int) -> Double {
    let (y, x) = a.quotientAndRemainder(dividingBy: 3)
    let (dy, dx) = (b / 3 - y, b % 3 - x)
    let center = ImageMoments.center
    var sum = Double(moments[ImageMoments.lags + dy * ImageMoments.group + center + dx])
    if dy == 0, let row = edge(y) { sum -= Double(moments[group(row) + center + dx]) }
    if dx == 0, let column = edge(x) { sum -= Double(moments[group(2 + column) + center + dy]) }
    if a == b, let row = edge(y), let column = edge(x) {
      sum += Double(moments[ImageMoments.corners + 4 + 2 * row + column])
    }
    return sum
  }

  /// The edge, first or last, that the place left out at the other end never stands on.
  private static func edge(_ place: Int) -> Int? { place == 1 ? nil : 1 - place / 2 }

  private static func group(_ edge: Int) -> Int { ImageMoments.edges + edge * ImageMoments.group }
}
