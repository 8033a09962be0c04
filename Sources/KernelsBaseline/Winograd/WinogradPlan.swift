// How a 3x3 convolution is cut into Winograd tiles, and where its transforms lie in memory.
// A function of the geometry alone, so that the bits never depend on a run.
import PTrainKernelTypes

/// One axis of an image cut into tiles of 4 outputs and at most one of 2 at its end.
///
/// 14 = 4+4+4+2, 28 = 7·4, 7 = 4+4 with one wasted. A tile of 4 takes 6 products an axis at the points
/// 0, 1, -1, ∞, 2, -2, a tile of 2 the first four of them (Winograd 1980; Lavin & Gray 2016).
struct WinogradAxis {
  let length: Int
  let fours: Int
  /// Tiles of 2: 0 or 1.
  let twos: Int

  init(_ length: Int) {
    self.length = length
    fours = length / 4 + (length % 4 == 3 ? 1 : 0)
    twos = length % 4 == 1 || length % 4 == 2 ? 1 : 0
  }

  @inline(__always) var tiles: Int { fours + twos }
  /// Outputs that the tiles cover, `length` or one more.
  @inline(__always) var covered: Int { 4 * fours + 2 * twos }
  /// Tiles that have a product at `point`.
  @inline(__always) func tiles(at point: Int) -> Int { point < 4 ? tiles : fours }
  /// Points of tile `index`.
  @inline(__always) func points(_ index: Int) -> Int { index < fours ? 6 : 4 }
}

/// Layouts of one call over `images` images.
///
/// `V [36 positions, B_in, rows, 16]` holds transformed inputs, `M [36, B_out, rows, 16]` their
/// products with `U [36, B_out, 16·B_in, 16]`; a row is one tile of one image. Positions of both are
/// as far apart as the larger one's, padded by a vector against collisions in one set of the L1 cache.
struct WinogradPlan {
  static let positions = 36

  let geometry: ConvGeometry
  let y: WinogradAxis
  let x: WinogradAxis
  let images: Int
  let inputBlocks: Int
  let outputBlocks: Int

  init(_ geometry: ConvGeometry, images: Int) {
    self.geometry = geometry
    self.images = images
    y = WinogradAxis(geometry.inputHeight)
    x = WinogradAxis(geometry.inputWidth)
    inputBlocks = geometry.inputBlocks
    outputBlocks = geometry.outputBlocks
  }

  /// Whether a geometry is computed in the Winograd domain: 3x3, stride 1, padding 1, at least 8
  /// channels on both sides and 4 pixels an axis. Fewer channels leave the transforms nothing to
  /// save; the first layer and the rest are direct.
  static func applies(to g: ConvGeometry) -> Bool {
    g.isPlain3x3 && g.inputChannels >= 8 && g.outputChannels >= 8 && g.inputHeight >= 4
      && g.inputWidth >= 4
  }

  /// Images of one call: enough that a position has about 32 rows, so that its weights are read once
  /// for many products, and at most 8; a power of two, so that leaves begin with a call or lie in it.
  static func imageGroup(_ g: ConvGeometry) -> Int {
    let tiles = WinogradAxis(g.inputHeight).tiles * WinogradAxis(g.inputWidth).tiles
    var count = 1
    while count < 8, 2 * count * tiles <= 32 { count *= 2 }
    return count
  }

  @inline(__always) var rowCapacity: Int { images * y.tiles * x.tiles }
  @inline(__always) var inputStep: Int { rowCapacity * lanes }
  /// Floats from a position of `V` or of `M` to the next.
  @inline(__always) var position: Int {
    max(inputBlocks, outputBlocks) * rowCapacity * lanes + lanes
  }
  /// Rows of position `(i, j)` in use.
  @inline(__always) func rows(_ i: Int, _ j: Int) -> Int {
    images * y.tiles(at: i) * x.tiles(at: j)
  }
  /// First row of image `image` and tile row `ty` at `(i, j)`.
  @inline(__always) func row(_ i: Int, _ j: Int, _ image: Int, _ ty: Int) -> Int {
    (image * y.tiles(at: i) + ty) * x.tiles(at: j)
  }

  /// Columns of a strip: covered outputs plus the two of the last window.
  @inline(__always) var stripColumns: Int { x.covered + 2 }
  @inline(__always) var stripRow: Int { stripColumns * lanes }
  /// Floats of a strip `[6, stripColumns, 16]`, the rows of a cut tile and spare rows.
  @inline(__always) var stripCount: Int { 16 * stripRow }

  var scratchCount: Int {
    2 * WinogradPlan.positions * position + stripCount
  }

  /// Floats of `U`.
  static func weightCount(_ g: ConvGeometry) -> Int {
    positions * g.inputBlocks * g.outputBlocks * lanes * lanes
  }

  /// Floats from a position of the gradient's accumulator `[36, B_out, 16·B_in, 16]` to the next: padded as
  /// those of `V` are.
  static func gradientPosition(_ g: ConvGeometry) -> Int {
    g.inputBlocks * g.outputBlocks * lanes * lanes + lanes
  }

  static func storage(_ g: ConvGeometry) -> ConvStorage {
    let plan = WinogradPlan(g, images: imageGroup(g))
    let (weights, accumulator) = (weightCount(g), positions * gradientPosition(g))
    let transforms = positions * (g.inputBlocks + g.outputBlocks) * plan.inputStep
    return ConvStorage(
      forwardWeights: weights, backwardWeights: weights, accumulator: accumulator,
      weightGradient: g.inputBlocks * g.outputBlocks * lanes * lanes * 9,
      scratch: plan.scratchCount, imageGroup: plan.images,
      // Products take the place of transformed inputs.
      forwardCall: weights + (positions + 1) * plan.position + plan.stripCount,
      backwardCall: weights + transforms + plan.stripCount + accumulator)
  }
}

/// Buffers of a call inside its scratch.
struct WinogradBuffers {
  let v: MutableFloatPointer
  let m: MutableFloatPointer
  let strip: MutableFloatPointer
  /// Six rows for a tile that the image's edge cuts.
  let edge: MutableFloatPointer
  /// Two rows that a tile hands to the next, and one that nobody reads.
  let carry: MutableFloatPointer
  let unused: MutableFloatPointer

  /// Forward, `M` begins a position before `V`: products take the place of what they have just read,
  /// which is in the L1 cache.
  static func forward(_ plan: WinogradPlan, _ scratch: MutableFloatPointer) -> WinogradBuffers {
    WinogradBuffers(plan, v: scratch + plan.position, m: scratch, scratch)
  }

  static func backward(_ plan: WinogradPlan, _ scratch: MutableFloatPointer) -> WinogradBuffers {
    WinogradBuffers(plan, v: scratch, m: scratch + WinogradPlan.positions * plan.position, scratch)
  }

  private init(
    _ plan: WinogradPlan, v: MutableFloatPointer, m: MutableFloatPointer,
    _ scratch: MutableFloatPointer
  ) {
    self.v = v
    self.m = m
    strip = scratch + 2 * WinogradPlan.positions * plan.position
    edge = strip + 6 * plan.stripRow
    carry = edge + 6 * plan.stripRow
    unused = carry + 2 * plan.stripRow
  }
}
