// Sums of outer products over pixels: the weight gradient of every convolution.
// A tile holds some input lanes times one or two output blocks for the whole sum.
import KernelTypes

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

@inline(__always) private func correlate<T: Tile>(
  _: T.Type, _ c: borrowing Correlation, _ a: FloatPointer, _ b: FloatPointer,
  _ result: MutableFloatPointer
) {
  let innerCount = c.innerCount
  let innerStepA = c.innerStepA
  let innerStepB = c.innerStepB
  let columnB = c.columnB
  var tile = T()
  var outer = 0
  while outer < c.outerCount {
    var left = a + outer * c.outerStepA
    var right = b + outer * c.outerStepB
    var inner = 0
    while inner < innerCount {
      tile.add(left, 1, T.Row(right, columnB))
      left += innerStepA
      right += innerStepB
      inner += 1
    }
    outer += 1
  }
  tile.accumulate(result, lanes, c.resultColumn)
}

#if KERNELS_AVX512
  @inline(never) private func correlateDouble(
    _ c: borrowing Correlation, _ a: FloatPointer, _ b: FloatPointer, _ r: MutableFloatPointer
  ) {
    correlate(Tile8<DoubleRow>.self, c, a, b, r)
  }

  @inline(never) private func correlateSingle(
    _ c: borrowing Correlation, _ a: FloatPointer, _ b: FloatPointer, _ r: MutableFloatPointer
  ) {
    correlate(Tile16<SingleRow>.self, c, a, b, r)
  }
#elseif KERNELS_AVX2 || arch(arm64)
  @inline(never) private func correlateSingle(
    _ c: borrowing Correlation, _ a: FloatPointer, _ b: FloatPointer, _ r: MutableFloatPointer
  ) {
    correlate(Tile4<SingleRow>.self, c, a, b, r)
  }
#else
  @inline(never) private func correlateSingle(
    _ c: borrowing Correlation, _ a: FloatPointer, _ b: FloatPointer, _ r: MutableFloatPointer
  ) {
    correlate(Tile2<SingleRow>.self, c, a, b, r)
  }
#endif

/// All 16 lanes of one block of `a` times `columns` blocks of `b`.
@inline(__always) func correlateBlock(
  _ c: Correlation, columns: Int, a: FloatPointer, b: FloatPointer, result: MutableFloatPointer
) {
  #if KERNELS_AVX512
    if columns == 2 {
      correlateDouble(c, a, b, result)
      correlateDouble(c, a + 8, b, result + 8 * lanes)
    } else {
      correlateSingle(c, a, b, result)
    }
  #elseif KERNELS_AVX2 || arch(arm64)
    var lane = 0
    while lane < lanes {
      correlateSingle(c, a + lane, b, result + lane * lanes)
      lane += 4
    }
  #else
    var lane = 0
    while lane < lanes {
      correlateSingle(c, a + lane, b, result + lane * lanes)
      lane += 2
    }
  #endif
}
