// Products of rows of activations with packed weights: forward and input gradient of every
// convolution, direct or Winograd, come down to these.
import KernelTypes

/// `z[row][column] = Σ a[row][k] · b[k][column]` where `k` runs over segments of `a`.
///
/// `k` counts `outerCount × innerCount × run` factors: `run` are contiguous in `a`, segments lie
/// `innerStep` and `outerStep` floats apart; `b` is `[k, 16]` for each block of 16 columns. Each
/// output element is one chain of multiply-adds in the order of `k`, whatever the tile.
struct PanelProduct {
  var outerCount = 1
  var outerStep = 0
  var innerCount = 1
  var innerStep = 0
  var run: Int
  /// Floats from a row of `a` to the next.
  var rowStride: Int
  /// Floats from a column block of `b` to the next.
  var weightColumn: Int
  /// Floats from a column block of `z` to the next.
  var outputColumn: Int
}

/// Rows and channel blocks of the tiles that fit the registers.
enum TileLimits {
  #if KERNELS_AVX512
    static let single = 28
    static let double = 14
    static let vectorsPerBlock = 1
  #elseif KERNELS_AVX2
    static let single = 6
    static let double = 0
    static let vectorsPerBlock = 2
  #elseif arch(arm64)
    static let single = 6
    static let double = 0
    static let vectorsPerBlock = 4
  #else
    static let single = 3
    static let double = 0
    static let vectorsPerBlock = 4
  #endif

  /// Column blocks that one tile takes when `blocks` are left.
  @inline(__always) static func columns(_ blocks: Int) -> Int { double > 0 && blocks > 1 ? 2 : 1 }

  /// Rows of a tile of `columns` blocks for `count` rows: the cheapest cover, where a tile costs its
  /// products but no less than the latency of a chain.
  static func rows(_ count: Int, columns: Int) -> Int {
    var best = 1
    var bestCost = Int.max
    var rows = 1
    while rows <= min(count, columns == 2 ? double : single) {
      if rows <= 14 || rows == 16 || rows == 21 || rows == 28 {
        let cost = ceilingDivide(count, rows) * max(rows * columns * vectorsPerBlock + 1, 8)
        if cost <= bestCost {
          best = rows
          bestCost = cost
        }
      }
      rows += 1
    }
    return best
  }
}

@inline(__always) private func panel<T: Tile>(
  _: T.Type, _ p: borrowing PanelProduct, _ a: FloatPointer, _ b: FloatPointer,
  _ z: MutableFloatPointer
) {
  let innerCount = p.innerCount
  let innerStep = p.innerStep
  let outerStep = p.outerStep
  let run = p.run
  let rowStride = p.rowStride
  let weightColumn = p.weightColumn
  var tile = T()
  var weights = b
  var outer = 0
  while outer < p.outerCount {
    var segment = a + outer * outerStep
    var inner = 0
    while inner < innerCount {
      var k = 0
      while k < run {
        tile.add(segment + k, rowStride, T.Row(weights, weightColumn))
        weights += lanes
        k += 1
      }
      segment += innerStep
      inner += 1
    }
    outer += 1
  }
  tile.write(z, lanes, p.outputColumn)
}

/// All rows of `columns` column blocks; the last tile overlaps its neighbour instead of being cut,
/// which writes the same bits twice. `tileRows` is `TileLimits.rows(rowCount, columns:)`.
@inline(__always) func productSweep(
  _ p: PanelProduct, rowCount: Int, tileRows: Int, columns: Int, a: FloatPointer,
  b: FloatPointer, z: MutableFloatPointer
) {
  var row = 0
  while row < rowCount {
    let start = min(row, rowCount - tileRows)
    if columns == 2 {
      doublePanel(p, tileRows, a + start * p.rowStride, b, z + start * lanes)
    } else {
      singlePanel(p, tileRows, a + start * p.rowStride, b, z + start * lanes)
    }
    row += tileRows
  }
}

#if KERNELS_AVX512
  @inline(never) private func doublePanel(
    _ p: borrowing PanelProduct, _ rows: Int, _ a: FloatPointer, _ b: FloatPointer,
    _ z: MutableFloatPointer
  ) {
    switch rows {
    case 2: panel(Tile2<DoubleRow>.self, p, a, b, z)
    case 3: panel(Tile3<DoubleRow>.self, p, a, b, z)
    case 4: panel(Tile4<DoubleRow>.self, p, a, b, z)
    case 5: panel(Tile5<DoubleRow>.self, p, a, b, z)
    case 6: panel(Tile6<DoubleRow>.self, p, a, b, z)
    case 7: panel(Tile7<DoubleRow>.self, p, a, b, z)
    case 8: panel(Tile8<DoubleRow>.self, p, a, b, z)
    case 9: panel(Tile9<DoubleRow>.self, p, a, b, z)
    case 10: panel(Tile10<DoubleRow>.self, p, a, b, z)
    case 11: panel(Tile11<DoubleRow>.self, p, a, b, z)
    case 12: panel(Tile12<DoubleRow>.self, p, a, b, z)
    case 13: panel(Tile13<DoubleRow>.self, p, a, b, z)
    case 14: panel(Tile14<DoubleRow>.self, p, a, b, z)
    default: panel(Tile1<DoubleRow>.self, p, a, b, z)
    }
  }
#else
  @inline(__always) private func doublePanel(
    _ p: borrowing PanelProduct, _ rows: Int, _ a: FloatPointer, _ b: FloatPointer,
    _ z: MutableFloatPointer
  ) {}
#endif

@inline(never) private func singlePanel(
  _ p: borrowing PanelProduct, _ rows: Int, _ a: FloatPointer, _ b: FloatPointer,
  _ z: MutableFloatPointer
) {
  switch rows {
  case 2: panel(Tile2<SingleRow>.self, p, a, b, z)
  case 3: panel(Tile3<SingleRow>.self, p, a, b, z)
  #if KERNELS_AVX2 || KERNELS_AVX512 || arch(arm64)
    case 4: panel(Tile4<SingleRow>.self, p, a, b, z)
    case 5: panel(Tile5<SingleRow>.self, p, a, b, z)
    case 6: panel(Tile6<SingleRow>.self, p, a, b, z)
  #endif
  #if KERNELS_AVX512
    case 7: panel(Tile7<SingleRow>.self, p, a, b, z)
    case 8: panel(Tile8<SingleRow>.self, p, a, b, z)
    case 9: panel(Tile9<SingleRow>.self, p, a, b, z)
    case 10: panel(Tile10<SingleRow>.self, p, a, b, z)
    case 11: panel(Tile11<SingleRow>.self, p, a, b, z)
    case 12: panel(Tile12<SingleRow>.self, p, a, b, z)
    case 13: panel(Tile13<SingleRow>.self, p, a, b, z)
    case 14: panel(Tile14<SingleRow>.self, p, a, b, z)
    case 16: panel(Tile16<SingleRow>.self, p, a, b, z)
    case 21: panel(Tile21<SingleRow>.self, p, a, b, z)
    case 28: panel(Tile28<SingleRow>.self, p, a, b, z)
  #endif
  default: panel(Tile1<SingleRow>.self, p, a, b, z)
  }
}
