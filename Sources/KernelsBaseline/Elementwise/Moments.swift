// Sums of a channel block over pixels, and the batch statistics that are made of them.
// A variance is never the difference of two large numbers: values are summed around one of their own,
// and parts join by their means.
import PTrainKernelTypes

/// Sums of values and of products, two chains each for the latency: even pixels and odd pixels.
struct ProductSums {
  private var even = Lanes.zero
  private var odd = Lanes.zero
  private var evenProducts = Lanes.zero
  private var oddProducts = Lanes.zero

  @inline(__always) mutating func addEven(_ a: Lanes, _ b: Lanes) {
    even += a
    evenProducts = multiplyAdd(a, b, evenProducts)
  }

  @inline(__always) mutating func addOdd(_ a: Lanes, _ b: Lanes) {
    odd += a
    oddProducts = multiplyAdd(a, b, oddProducts)
  }

  @inline(__always) var values: Lanes { even + odd }
  @inline(__always) var products: Lanes { evenProducts + oddProducts }

  /// `sums [2, 16] +=`.
  @inline(__always) func add(to sums: MutableFloatPointer) {
    store(sums, load(sums) + values)
    store(sums + lanes, load(sums + lanes) + products)
  }
}

/// Sums of distances from a pivot and of their squares.
struct PivotSums {
  /// Pixels of a chain: the error of a sum grows with it.
  static let chunk = 128

  let pivot: Lanes
  private var distances = Lanes.zero
  private var squares = Lanes.zero

  @inline(__always) init(pivot: Lanes) { self.pivot = pivot }

  /// From memory `[pivot, distances, squares]`.
  @inline(__always) init(_ pointer: FloatPointer) {
    pivot = load(pointer)
    distances = load(pointer + lanes)
    squares = load(pointer + 2 * lanes)
  }

  @inline(__always) mutating func add(_ sums: ProductSums) {
    distances += sums.values
    squares += sums.products
  }

  /// Of `count` values: `mean = p + Σd/n`, `Σ(z - mean)² = Σd² - (Σd)²/n`.
  @inline(__always) func moments(count: Int) -> Moments {
    let count = Lanes(repeating: Float(count))
    let offset = distances / count
    return Moments(count: count, mean: pivot + offset, squares: squares - distances * offset)
  }
}

/// Number, mean and summed squared deviations of a block's channels.
struct Moments {
  let count: Lanes
  let mean: Lanes
  let squares: Lanes

  /// With those of further values: the means' distance counts by `n·m/(n + m)` (Chan et al. 1979).
  @inline(__always) func joined(with other: Moments) -> Moments {
    let total = count + other.count
    let share = other.count / total
    let distance = other.mean - mean
    return Moments(
      count: total, mean: multiplyAdd(distance, share, mean),
      squares: multiplyAdd(distance * distance, count * share, squares + other.squares))
  }

  /// A block of `BatchMoments`, whose count stays as it was.
  @inline(__always) func join(to target: MutableFloatPointer, _ block: Int) {
    Moments(target, block).joined(with: self).store(target, block)
  }

  @inline(__always) init(count: Lanes, mean: Lanes, squares: Lanes) {
    self.count = count
    self.mean = mean
    self.squares = squares
  }

  @inline(__always) init(_ moments: FloatPointer, _ block: Int) {
    count = loadUnaligned(moments)
    mean = loadUnaligned(moments + (1 + 2 * block) * lanes)
    squares = loadUnaligned(moments + (2 + 2 * block) * lanes)
  }

  @inline(__always) func store(_ moments: MutableFloatPointer, _ block: Int) {
    storeUnaligned(moments + (1 + 2 * block) * lanes, mean)
    storeUnaligned(moments + (2 + 2 * block) * lanes, squares)
  }

  /// Counts `pixels` more values, once all blocks have joined.
  @inline(__always) static func count(_ pixels: Int, in moments: MutableFloatPointer) {
    storeUnaligned(moments, loadUnaligned(moments) + Lanes(repeating: Float(pixels)))
  }
}
