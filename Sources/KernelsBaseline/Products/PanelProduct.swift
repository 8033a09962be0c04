// Products of rows of activations with packed weights: forward and input gradient of every
// convolution, direct or Winograd, come down to these.
import PTrainKernelTypes

/// `z[row][column] = Σ a[row][k] · b[k][column]` where `k` runs over segments of `a`.
///
/// `k` counts segments of `run` factors, the last of each outer step of `lastRun`: a segment's factors
/// are contiguous in `a`, segments lie `innerStep` and `outerStep` floats apart; `b` is `[k, 16]` for
/// each segment and block of 16 columns, `weightStep` floats from a segment to the next. Each output
/// element is one chain of multiply-adds in the order of `k`, whatever the tile.
struct PanelProduct {
  var outerCount = 1
  var outerStep = 0
  var innerCount = 1
  var innerStep = 0
  var run: Int
  var lastRun: Int
  var weightStep: Int
  /// Floats from a row of `a` to the next.
  var rowStride: Int
  /// Floats from a column block of `b` to the next.
  var weightColumn: Int
  /// Floats from a row of `z` to the next.
  var outputStride = lanes
  /// Floats from a column block of `z` to the next.
  var outputColumn: Int
}

extension PanelProduct {
  /// Segments of `taps` neighbours in each of `blocks` blocks of 16 channels, which lie `blockStep`
  /// floats apart; the lanes that pad the last block meet no weights where segments can end before them.
  init(
    outerCount: Int = 1, outerStep: Int = 0, blocks: Int, blockStep: Int, channels: Int,
    taps: Int = 1, rowStride: Int = lanes, weightColumn: Int, outputStride: Int = lanes,
    outputColumn: Int
  ) {
    self.init(
      outerCount: outerCount, outerStep: outerStep, innerCount: blocks, innerStep: blockStep,
      run: taps * lanes, lastRun: taps * lanes, weightStep: taps * lanes * lanes,
      rowStride: rowStride, weightColumn: weightColumn, outputStride: outputStride,
      outputColumn: outputColumn)
    let rest = channels % lanes
    guard rest > 0, blocks == 1 || taps == 1 else { return }
    if blocks == 1 { (innerCount, innerStep, weightStep) = (taps, lanes, lanes * lanes) }
    // A block for each pixel of a map that is taken as features.
    run = min(channels, lanes)
    lastRun = rest
  }
}

/// Columns that one tile takes: a block that has at most 8 channels, a block, or two.
enum TileWidth {
  case half
  case block
  case pair

  /// What fits when `channels` are left.
  @inline(__always) init(_ channels: Int) {
    self = channels <= lanes / 2 ? .half : .block
    #if KERNELS_AVX512
      // Beyond 24 the second block is more than a half.
      if channels > lanes + lanes / 2 { self = .pair }
    #endif
  }

  @inline(__always) var blocks: Int { self == .pair ? 2 : 1 }
}

/// Rows of the tiles that fit the registers, with a factor for each row of a half tile: the compiler loads
/// those all at once.
enum TileLimits {
  #if KERNELS_AVX512
    static let half = 14
    static let block = 28
    static let pair = 14
  #elseif KERNELS_AVX2 || arch(arm64)
    static let half = 8
    static let block = 6
    static let pair = 0
  #else
    static let half = 6
    static let block = 3
    static let pair = 0
  #endif

  /// Rows of a tile for `count` rows: as few tiles as fit, of equal height.
  @inline(__always) static func rows(_ count: Int, _ width: TileWidth) -> Int {
    let limit = width == .pair ? pair : width == .half ? half : block
    let rows = ceilingDivide(count, ceilingDivide(count, limit))
    guard rows > 14 else { return rows }
    // Not every height has a body of its own: the next one, if the rows fill it.
    let next = rows > 25 ? 28 : rows > 21 ? 25 : rows > 18 ? 21 : rows > 16 ? 18 : 16
    guard next <= count else { return ceilingDivide(count, 2) }
    // What the last tile would do twice may cost more than the lower tiles.
    let twice = ceilingDivide(count, next) * next - ceilingDivide(count, 16) * 16
    return twice > 4 ? 16 : next
  }
}

/// One pass of `rowCount` rows through tiles of one shape; the last overlaps its neighbour instead of
/// being cut, which writes the same bits twice. The loop over the tiles is in here, so that a tile's
/// stores run beside the products of the next.
@inline(__always) private func panels<T: Tile>(
  _: T.Type, _ p: borrowing PanelProduct, _ rowCount: Int, _ a: FloatPointer, _ b: FloatPointer,
  _ z: MutableFloatPointer
) {
  let rowStride = p.rowStride
  let outputStride = p.outputStride
  let outputColumn = p.outputColumn
  var row = 0
  while row < rowCount {
    let start = min(row, rowCount - T.rows)
    // A literal stride is folded into the addresses of the factors.
    let tile =
      rowStride == lanes
      ? panel(T.self, p, a + start * lanes, b, lanes)
      : panel(T.self, p, a + start * rowStride, b, rowStride)
    tile.write(z + start * outputStride, outputStride, outputColumn)
    row += T.rows
  }
}

@inline(__always) private func panel<T: Tile>(
  _: T.Type, _ p: borrowing PanelProduct, _ a: FloatPointer, _ b: FloatPointer,
  _ rowStride: Int
) -> T {
  let innerCount = p.innerCount
  let innerStep = p.innerStep
  let outerStep = p.outerStep
  let run = p.run
  let lastRun = p.lastRun
  let weightStep = p.weightStep
  let weightColumn = p.weightColumn
  var tile = T()
  var weights = b
  var outer = 0
  while outer < p.outerCount {
    var segment = a + outer * outerStep
    var inner = 0
    while inner < innerCount {
      let count = inner + 1 < innerCount ? run : lastRun
      var row = weights
      var k = 0
      while k < count {
        tile.add(segment + k, rowStride, T.Row(row, weightColumn))
        row += lanes
        k += 1
      }
      weights += weightStep
      segment += innerStep
      inner += 1
    }
    outer += 1
  }
  return tile
}

/// All rows of the columns of `channels` channels, block by block.
@inline(__always) func productSweep(
  _ p: PanelProduct, rowCount: Int, channels: Int, a: FloatPointer, b: FloatPointer,
  z: MutableFloatPointer
) {
  var block = 0
  while block * lanes < channels {
    let width = TileWidth(channels - block * lanes)
    productSweep(
      p, rowCount: rowCount, tileRows: TileLimits.rows(rowCount, width), width, a: a,
      b: b + block * p.weightColumn, z: z + block * p.outputColumn)
    block += width.blocks
  }
}

/// All rows of one or two column blocks; `tileRows` is `TileLimits.rows(rowCount, width)`.
@inline(__always) func productSweep(
  _ p: PanelProduct, rowCount: Int, tileRows: Int, _ width: TileWidth, a: FloatPointer,
  b: FloatPointer, z: MutableFloatPointer
) {
  switch width {
  case .half: halfPanel(p, tileRows, rowCount, a, b, z)
  case .block: singlePanel(p, tileRows, rowCount, a, b, z)
  case .pair: doublePanel(p, tileRows, rowCount, a, b, z)
  }
}

#if KERNELS_AVX512
  @inline(never) private func doublePanel(
    _ p: borrowing PanelProduct, _ rows: Int, _ count: Int, _ a: FloatPointer,
    _ b: FloatPointer, _ z: MutableFloatPointer
  ) {
    switch rows {
    case 2: panels(Tile2<DoubleRow>.self, p, count, a, b, z)
    case 3: panels(Tile3<DoubleRow>.self, p, count, a, b, z)
    case 4: panels(Tile4<DoubleRow>.self, p, count, a, b, z)
    case 5: panels(Tile5<DoubleRow>.self, p, count, a, b, z)
    case 6: panels(Tile6<DoubleRow>.self, p, count, a, b, z)
    case 7: panels(Tile7<DoubleRow>.self, p, count, a, b, z)
    case 8: panels(Tile8<DoubleRow>.self, p, count, a, b, z)
    case 9: panels(Tile9<DoubleRow>.self, p, count, a, b, z)
    case 10: panels(Tile10<DoubleRow>.self, p, count, a, b, z)
    case 11: panels(Tile11<DoubleRow>.self, p, count, a, b, z)
    case 12: panels(Tile12<DoubleRow>.self, p, count, a, b, z)
    case 13: panels(Tile13<DoubleRow>.self, p, count, a, b, z)
    case 14: panels(Tile14<DoubleRow>.self, p, count, a, b, z)
    default: panels(Tile1<DoubleRow>.self, p, count, a, b, z)
    }
  }
#else
  @inline(__always) private func doublePanel(
    _ p: borrowing PanelProduct, _ rows: Int, _ count: Int, _ a: FloatPointer,
    _ b: FloatPointer, _ z: MutableFloatPointer
  ) {}
#endif

@inline(never) private func singlePanel(
  _ p: borrowing PanelProduct, _ rows: Int, _ count: Int, _ a: FloatPointer, _ b: FloatPointer,
  _ z: MutableFloatPointer
) {
  switch rows {
  case 2: panels(Tile2<SingleRow>.self, p, count, a, b, z)
  case 3: panels(Tile3<SingleRow>.self, p, count, a, b, z)
  #if KERNELS_AVX2 || KERNELS_AVX512 || arch(arm64)
    case 4: panels(Tile4<SingleRow>.self, p, count, a, b, z)
    case 5: panels(Tile5<SingleRow>.self, p, count, a, b, z)
    case 6: panels(Tile6<SingleRow>.self, p, count, a, b, z)
  #endif
  #if KERNELS_AVX512
    case 7: panels(Tile7<SingleRow>.self, p, count, a, b, z)
    case 8: panels(Tile8<SingleRow>.self, p, count, a, b, z)
    case 9: panels(Tile9<SingleRow>.self, p, count, a, b, z)
    case 10: panels(Tile10<SingleRow>.self, p, count, a, b, z)
    case 11: panels(Tile11<SingleRow>.self, p, count, a, b, z)
    case 12: panels(Tile12<SingleRow>.self, p, count, a, b, z)
    case 13: panels(Tile13<SingleRow>.self, p, count, a, b, z)
    case 14: panels(Tile14<SingleRow>.self, p, count, a, b, z)
    case 16: panels(Tile16<SingleRow>.self, p, count, a, b, z)
    case 18: panels(Tile18<SingleRow>.self, p, count, a, b, z)
    case 21: panels(Tile21<SingleRow>.self, p, count, a, b, z)
    case 25: panels(Tile25<SingleRow>.self, p, count, a, b, z)
    case 28: panels(Tile28<SingleRow>.self, p, count, a, b, z)
  #endif
  default: panels(Tile1<SingleRow>.self, p, count, a, b, z)
  }
}

@inline(never) private func halfPanel(
  _ p: borrowing PanelProduct, _ rows: Int, _ count: Int, _ a: FloatPointer, _ b: FloatPointer,
  _ z: MutableFloatPointer
) {
  switch rows {
  case 2: panels(Tile2<HalfRow>.self, p, count, a, b, z)
  case 3: panels(Tile3<HalfRow>.self, p, count, a, b, z)
  case 4: panels(Tile4<HalfRow>.self, p, count, a, b, z)
  case 5: panels(Tile5<HalfRow>.self, p, count, a, b, z)
  case 6: panels(Tile6<HalfRow>.self, p, count, a, b, z)
  #if KERNELS_AVX2 || KERNELS_AVX512 || arch(arm64)
    case 7: panels(Tile7<HalfRow>.self, p, count, a, b, z)
    case 8: panels(Tile8<HalfRow>.self, p, count, a, b, z)
  #endif
  #if KERNELS_AVX512
    case 9: panels(Tile9<HalfRow>.self, p, count, a, b, z)
    case 10: panels(Tile10<HalfRow>.self, p, count, a, b, z)
    case 11: panels(Tile11<HalfRow>.self, p, count, a, b, z)
    case 12: panels(Tile12<HalfRow>.self, p, count, a, b, z)
    case 13: panels(Tile13<HalfRow>.self, p, count, a, b, z)
    case 14: panels(Tile14<HalfRow>.self, p, count, a, b, z)
  #endif
  default: panels(Tile1<HalfRow>.self, p, count, a, b, z)
  }
}
