// Newton-Schulz iterations of a matrix that is held by columns: a vector is 16 rows of one column.
// No multiply-add is fused: every instruction set makes the bits of plain loops.
import PTrainKernelTypes

enum NewtonSchulz {
  static func run(
    _ pass: NewtonSchulzPass, part: Int, _ matrix: IteratedMatrix, _ polynomial: OddPolynomial,
    iteration: Int, work: MutableFloatPointer
  ) {
    let (side, length, stride) = (matrix.side, matrix.length, matrix.stride)
    let gram = work + 2 * length * stride
    let square = gram + side * stride
    let columns = matrix.columns(work, before: iteration)
    switch pass {
    case .gram:
      products(columns, length, side, stride, part * lanes, gram)
      mirror(side, stride, part * lanes, gram)
    case .polynomial:
      products(gram, side, side, stride, part * lanes, square)
      join(side, stride, part * lanes, polynomial, gram, square)
      mirror(side, stride, part * lanes, square)
    case .advance:
      let first = part * IteratedMatrix.partColumns
      let isLast = part == matrix.partCount(.advance) - 1
      advance(
        matrix, first, isLast ? length : first + IteratedMatrix.partColumns, polynomial.a, columns,
        square, matrix.columns(work, before: iteration + 1))
    }
  }

  static func toColumns(
    _ matrix: IteratedMatrix, rows: FloatPointer, columns: MutableFloatPointer
  ) {
    clear(columns, matrix.length * matrix.stride)
    forEachPlace(matrix) { inRows, inColumns in columns[inColumns] = rows[inRows] }
  }

  static func toRows(
    _ matrix: IteratedMatrix, columns: FloatPointer, rows: MutableFloatPointer
  ) {
    forEachPlace(matrix) { inRows, inColumns in rows[inRows] = columns[inColumns] }
  }

  /// Calls `body` with the place of each value in rows and in columns.
  @inline(__always) private static func forEachPlace(
    _ matrix: IteratedMatrix, _ body: (_ inRows: Int, _ inColumns: Int) -> Void
  ) {
    let (side, length, stride) = (matrix.side, matrix.length, matrix.stride)
    var row = 0
    while row < side {
      var column = 0
      while column < length {
        body(row * length + column, column * stride + row)
        column += 1
      }
      row += 1
    }
  }

  /// `result[i][j] = Σ x[k][i] · x[k][j]` over `k < count`, for the 16 columns `j` from `column` on and the rows
  /// from the diagonal on.
  private static func products(
    _ x: MutableFloatPointer, _ count: Int, _ side: Int, _ stride: Int, _ column: Int,
    _ result: MutableFloatPointer
  ) {
    if side - column >= TallRows.rows {
      products(TallRows.self, x, count, side, stride, column, result)
    } else {
      products(OneRow.self, x, count, side, stride, column, result)
    }
  }

  /// What lies below a block of the diagonal as what lies to its right; zeros beyond the matrix.
  private static func mirror(
    _ side: Int, _ stride: Int, _ first: Int, _ result: MutableFloatPointer
  ) {
    var row = first
    while row < min(first + lanes, side) {
      var column = first + lanes
      while column < stride {
        result[row * stride + column] = column < side ? result[column * stride + row] : 0
        column += 1
      }
      row += 1
    }
  }

  /// The rows from the diagonal on of a block of 16 columns; the last rows may be made twice.
  @inline(__always) private static func products<T: UnfusedRows>(
    _: T.Type, _ x: MutableFloatPointer, _ count: Int, _ side: Int, _ stride: Int,
    _ column: Int, _ result: MutableFloatPointer
  ) {
    var row = column
    while row < side {
      let start = min(row, side - T.rows)
      let (even, odd) = (
        everySecond(T.self, x, count, stride, start, column, first: 0),
        everySecond(T.self, x, count, stride, start, column, first: 1)
      )
      (even + odd).write(result + start * stride + column, stride)
      row += T.rows
    }
  }

  /// Sums of every eighth product side by side, four of the eight.
  @inline(__always) private static func everySecond<T: UnfusedRows>(
    _: T.Type, _ x: MutableFloatPointer, _ count: Int, _ stride: Int, _ row: Int, _ column: Int,
    first: Int
  ) -> T {
    let whole = count / 8
    var sums = (T(), T(), T(), T())
    let start = x + first * stride
    let (factors, vectors) = (start + row, start + column)
    let step = 8 * stride
    sums.0.add(whole, factors, 1, step, vectors, step)
    if first == 0 {
      let rest = x + whole * step
      sums.0.add(count - 8 * whole, rest + row, 1, stride, rest + column, stride)
    }
    sums.1.add(whole, factors + 2 * stride, 1, step, vectors + 2 * stride, step)
    sums.2.add(whole, factors + 4 * stride, 1, step, vectors + 4 * stride, step)
    sums.3.add(whole, factors + 6 * stride, 1, step, vectors + 6 * stride, step)
    return (sums.0 + sums.2) + (sums.1 + sums.3)
  }

  /// `square = b · gram + c · square` in 16 columns, from the diagonal on.
  private static func join(
    _ side: Int, _ stride: Int, _ column: Int, _ polynomial: OddPolynomial,
    _ gram: MutableFloatPointer, _ square: MutableFloatPointer
  ) {
    let (b, c) = (Lanes(repeating: polynomial.b), Lanes(repeating: polynomial.c))
    var row = column
    while row < side {
      let place = row * stride + column
      store(square + place, b * load(gram + place) + c * load(square + place))
      row += 1
    }
  }

  /// `next[k][i] = a · x[k][i] + Σ x[k][r] · factors[r][i]`, in the order of `r`, for `first ≤ k < end`.
  private static func advance(
    _ matrix: IteratedMatrix, _ first: Int, _ end: Int, _ a: Float, _ x: MutableFloatPointer,
    _ factors: MutableFloatPointer, _ next: MutableFloatPointer
  ) {
    if end - first >= TallRows.rows {
      advance(TallRows.self, matrix, first, end, a, x, factors, next)
    } else {
      advance(OneRow.self, matrix, first, end, a, x, factors, next)
    }
  }

  @inline(__always) private static func advance<T: UnfusedRows>(
    _: T.Type, _ matrix: IteratedMatrix, _ first: Int, _ end: Int, _ a: Float,
    _ x: MutableFloatPointer, _ factors: MutableFloatPointer, _ next: MutableFloatPointer
  ) {
    let (side, stride) = (matrix.side, matrix.stride)
    var column = first
    while column < end {
      let start = min(column, end - T.rows) * stride
      var row = 0
      while row < stride {
        var rows = T()
        rows.scale(x + start + row, stride, a)
        rows.add(side, x + start, stride, 1, factors + row, stride)
        rows.write(next + start + row, stride)
        row += lanes
      }
      column += T.rows
    }
  }
}

/// Vectors that stay in registers, each the sum of products with one factor of its own.
private protocol UnfusedRows {
  static var rows: Int { get }
  init()
  mutating func add(_ vector: Lanes, _ factors: MutableFloatPointer, _ rowStep: Int)
  mutating func scale(_ pointer: MutableFloatPointer, _ stride: Int, _ factor: Float)
  func write(_ pointer: MutableFloatPointer, _ stride: Int)
  static func + (_ a: Self, _ b: Self) -> Self
}

extension UnfusedRows {
  /// `row += factors[row · rowStep + k · step] · vectors[k · vectorStep]` for `k < count`, one after the other.
  @inline(__always) fileprivate mutating func add(
    _ count: Int, _ factors: MutableFloatPointer, _ rowStep: Int, _ step: Int,
    _ vectors: MutableFloatPointer, _ vectorStep: Int
  ) {
    var (factors, vectors) = (factors, vectors)
    var k = 0
    while k < count {
      add(load(vectors), factors, rowStep)
      factors += step
      vectors += vectorStep
      k += 1
    }
  }
}

private struct OneRow: UnfusedRows {
  private var sum = Lanes.zero

  @inline(__always) static var rows: Int { 1 }
  @inline(__always) mutating func add(
    _ vector: Lanes, _ factors: MutableFloatPointer, _ rowStep: Int
  ) {
    sum += vector * Lanes(repeating: factors.pointee)
  }
  @inline(__always) mutating func scale(
    _ pointer: MutableFloatPointer, _ stride: Int, _ factor: Float
  ) {
    sum = load(pointer) * Lanes(repeating: factor)
  }
  @inline(__always) func write(_ pointer: MutableFloatPointer, _ stride: Int) {
    store(pointer, sum)
  }
  @inline(__always) static func + (_ a: OneRow, _ b: OneRow) -> OneRow {
    var result = a
    result.sum += b.sum
    return result
  }
}

/// Twice as many.
private struct Twice<Half: UnfusedRows>: UnfusedRows {
  private var first = Half()
  private var second = Half()

  @inline(__always) static var rows: Int { 2 * Half.rows }
  @inline(__always) mutating func add(
    _ vector: Lanes, _ factors: MutableFloatPointer, _ rowStep: Int
  ) {
    first.add(vector, factors, rowStep)
    second.add(vector, factors + Half.rows * rowStep, rowStep)
  }
  @inline(__always) mutating func scale(
    _ pointer: MutableFloatPointer, _ stride: Int, _ factor: Float
  ) {
    first.scale(pointer, stride, factor)
    second.scale(pointer + Half.rows * stride, stride, factor)
  }
  @inline(__always) func write(_ pointer: MutableFloatPointer, _ stride: Int) {
    first.write(pointer, stride)
    second.write(pointer + Half.rows * stride, stride)
  }
  @inline(__always) static func + (_ a: Twice, _ b: Twice) -> Twice {
    var result = a
    result.first = a.first + b.first
    result.second = a.second + b.second
    return result
  }
}

#if KERNELS_AVX512
  private typealias TallRows = Twice<Twice<Twice<OneRow>>>
#elseif KERNELS_AVX2 || arch(arm64)
  private typealias TallRows = Twice<Twice<OneRow>>
#else
  private typealias TallRows = Twice<OneRow>
#endif
