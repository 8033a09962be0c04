// Sums of outer products over pixels: the weight gradient of every convolution.
// A tile holds some input lanes times one or two output blocks for the whole sum.
import PTrainKernelTypes

/// `result[lane][column] += Σ a[pixel][lane] · b[pixel][column]` over `outerCount × innerCount`
/// pixels, strides in floats; one chain of multiply-adds an element, in the order of the pixels,
/// that starts at zero: a long chain through all images would round a constant background one way.
struct Correlation {
  var outerCount: Int
  var outerStepA: Int
  var outerStepB: Int
  var innerCount: Int
  var innerStepA: Int
  var innerStepB: Int
  /// Floats from a column block of `b` to the next.
  var columnB: Int
  /// Floats from a column block of `result` to the next.
  var resultColumn: Int
}

extension Correlation {
  /// Each pixel: where its lanes of `a` and its columns of `b` begin.
  @inline(__always) fileprivate func forEachPixel(
    _ a: FloatPointer, _ b: FloatPointer, _ body: (FloatPointer, FloatPointer) -> Void
  ) {
    let innerCount = innerCount
    let innerStepA = innerStepA
    let innerStepB = innerStepB
    var outer = 0
    while outer < outerCount {
      var left = a + outer * outerStepA
      var right = b + outer * outerStepB
      var inner = 0
      while inner < innerCount {
        body(left, right)
        left += innerStepA
        right += innerStepB
        inner += 1
      }
      outer += 1
    }
  }
}

@inline(__always) private func correlate<T: Tile>(
  _: T.Type, _ c: borrowing Correlation, _ a: FloatPointer, _ b: FloatPointer,
  _ result: MutableFloatPointer
) {
  let columnB = c.columnB
  var tile = T()
  c.forEachPixel(a, b) { tile.add($0, 1, T.Row($1, columnB)) }
  tile.accumulate(result, lanes, c.resultColumn)
}

/// Taps of a window: how many, and floats from one to the next in `a` and in the result.
struct Taps {
  var count: Int
  var step: Int
  var resultStep: Int
}

#if KERNELS_AVX512
  /// Two taps of few lanes, whose sums alone would wait for each other.
  @inline(__always) private func correlateTwo<T: Tile>(
    _: T.Type, _ c: borrowing Correlation, _ taps: borrowing Taps, _ a: FloatPointer,
    _ b: FloatPointer, _ result: MutableFloatPointer
  ) where T.Row == SingleRow {
    let step = taps.step
    var first = T()
    var second = T()
    c.forEachPixel(a, b) { left, right in
      let row = SingleRow(right, 0)
      first.add(left, 1, row)
      second.add(left + step, 1, row)
    }
    first.accumulate(result, lanes, 0)
    second.accumulate(result + taps.resultStep, lanes, 0)
  }

  @inline(never) private func correlatePair(
    _ c: borrowing Correlation, _ taps: borrowing Taps, rows: Int, _ a: FloatPointer,
    _ b: FloatPointer, _ r: MutableFloatPointer
  ) {
    switch rows {
    case 1: correlateTwo(Tile1<SingleRow>.self, c, taps, a, b, r)
    case 2: correlateTwo(Tile2<SingleRow>.self, c, taps, a, b, r)
    case 3: correlateTwo(Tile3<SingleRow>.self, c, taps, a, b, r)
    case 4: correlateTwo(Tile4<SingleRow>.self, c, taps, a, b, r)
    case 5: correlateTwo(Tile5<SingleRow>.self, c, taps, a, b, r)
    case 6: correlateTwo(Tile6<SingleRow>.self, c, taps, a, b, r)
    case 7: correlateTwo(Tile7<SingleRow>.self, c, taps, a, b, r)
    default: correlateTwo(Tile8<SingleRow>.self, c, taps, a, b, r)
    }
  }

  @inline(never) private func correlateDouble(
    _ c: borrowing Correlation, rows: Int, _ a: FloatPointer, _ b: FloatPointer,
    _ r: MutableFloatPointer
  ) {
    switch rows {
    case 1: correlate(Tile1<DoubleRow>.self, c, a, b, r)
    case 2: correlate(Tile2<DoubleRow>.self, c, a, b, r)
    case 3: correlate(Tile3<DoubleRow>.self, c, a, b, r)
    case 4: correlate(Tile4<DoubleRow>.self, c, a, b, r)
    case 5: correlate(Tile5<DoubleRow>.self, c, a, b, r)
    case 6: correlate(Tile6<DoubleRow>.self, c, a, b, r)
    case 7: correlate(Tile7<DoubleRow>.self, c, a, b, r)
    default: correlate(Tile8<DoubleRow>.self, c, a, b, r)
    }
  }
#else
  @inline(__always) private func correlateDouble(
    _ c: borrowing Correlation, rows: Int, _ a: FloatPointer, _ b: FloatPointer,
    _ r: MutableFloatPointer
  ) {}
#endif

@inline(never) private func correlateSingle(
  _ c: borrowing Correlation, rows: Int, _ a: FloatPointer, _ b: FloatPointer,
  _ r: MutableFloatPointer
) {
  switch rows {
  case 1: correlate(Tile1<SingleRow>.self, c, a, b, r)
  #if KERNELS_AVX2 || KERNELS_AVX512 || arch(arm64)
    case 2: correlate(Tile2<SingleRow>.self, c, a, b, r)
    case 3: correlate(Tile3<SingleRow>.self, c, a, b, r)
    case 4: correlate(Tile4<SingleRow>.self, c, a, b, r)
  #endif
  #if KERNELS_AVX512
    case 5: correlate(Tile5<SingleRow>.self, c, a, b, r)
    case 6: correlate(Tile6<SingleRow>.self, c, a, b, r)
    case 7: correlate(Tile7<SingleRow>.self, c, a, b, r)
    case 8: correlate(Tile8<SingleRow>.self, c, a, b, r)
    case 9: correlate(Tile9<SingleRow>.self, c, a, b, r)
    case 10: correlate(Tile10<SingleRow>.self, c, a, b, r)
    case 11: correlate(Tile11<SingleRow>.self, c, a, b, r)
    case 12: correlate(Tile12<SingleRow>.self, c, a, b, r)
    case 13: correlate(Tile13<SingleRow>.self, c, a, b, r)
    case 14: correlate(Tile14<SingleRow>.self, c, a, b, r)
    default: correlate(Tile16<SingleRow>.self, c, a, b, r)
  #elseif KERNELS_AVX2 || arch(arm64)
    default: correlate(Tile5<SingleRow>.self, c, a, b, r)
  #else
    default: correlate(Tile2<SingleRow>.self, c, a, b, r)
  #endif
  }
}

/// Lanes of `a` that one tile of one or two column blocks takes.
enum CorrelationLimits {
  #if KERNELS_AVX512
    static let run = 14
    static let block = 16
    static let double = 8
  #elseif KERNELS_AVX2 || arch(arm64)
    static let run = 5
    static let block = 4
    static let double = 0
  #else
    static let run = 2
    static let block = 2
    static let double = 0
  #endif

  /// Column blocks that one tile takes when `blocks` are left.
  @inline(__always) static func columns(_ blocks: Int) -> Int { double > 0 && blocks > 1 ? 2 : 1 }
}

/// `count` floats of `a` that lie side by side times `columns` blocks of `b`, in as few tiles as fit, of
/// nearly equal height.
@inline(__always) private func correlateRun(
  _ c: Correlation, count: Int, columns: Int, a: FloatPointer, b: FloatPointer,
  result: MutableFloatPointer
) {
  let limit = columns == 2 ? CorrelationLimits.double : CorrelationLimits.run
  let rows = ceilingDivide(count, ceilingDivide(count, limit))
  var first = 0
  while first < count {
    let here = min(rows, count - first)
    if columns == 2 {
      correlateDouble(c, rows: here, a + first, b, result + first * lanes)
    } else {
      correlateSingle(c, rows: here, a + first, b, result + first * lanes)
    }
    first += here
  }
}

/// Taps of a window that lie side by side: `taps` runs of `count` floats of `a`, `step` floats apart, whose
/// results are `resultStep` apart.
@inline(__always) func correlateTaps(
  _ c: Correlation, _ taps: Taps, count: Int, columns: Int, a: FloatPointer, b: FloatPointer,
  result: MutableFloatPointer
) {
  var tap = 0
  #if KERNELS_AVX512
    if columns == 1, count <= lanes / 2 {
      while tap + 1 < taps.count {
        correlatePair(
          c, taps, rows: count, a + tap * taps.step, b, result + tap * taps.resultStep)
        tap += 2
      }
    }
  #endif
  while tap < taps.count {
    let (left, sums) = (a + tap * taps.step, result + tap * taps.resultStep)
    correlateChannels(c, count: count, columns: columns, a: left, b: b, result: sums)
    tap += 1
  }
}

/// The first `count` lanes of one block of `a`, or taps beyond it, times `columns` blocks of `b`.
@inline(__always) func correlateChannels(
  _ c: Correlation, count: Int, columns: Int, a: FloatPointer, b: FloatPointer,
  result: MutableFloatPointer
) {
  if count == lanes {
    correlateBlock(c, columns: columns, a: a, b: b, result: result)
  } else {
    correlateRun(c, count: count, columns: columns, a: a, b: b, result: result)
  }
}

/// All 16 lanes of one block of `a` times `columns` blocks of `b`.
@inline(__always) private func correlateBlock(
  _ c: Correlation, columns: Int, a: FloatPointer, b: FloatPointer, result: MutableFloatPointer
) {
  let rows = columns == 2 ? CorrelationLimits.double : CorrelationLimits.block
  var lane = 0
  while lane < lanes {
    if columns == 2 {
      correlateDouble(c, rows: rows, a + lane, b, result + lane * lanes)
    } else {
      correlateSingle(c, rows: rows, a + lane, b, result + lane * lanes)
    }
    lane += rows
  }
}
