// Direct convolutions: any kernel size, stride and padding, blocked or plane input.
// Weights are packed in the order in which the product reads them.
import PTrainKernelTypes

/// How the direct kernels see a geometry.
///
/// Taps are those of the whole window: between dilated ones stand zeros, and so they do between the
/// channels of unlike groups.
/// Packed forward weights: `[B_out, ky, B_in, kx, 16 in, 16 out]`, for an image `[B_out, ky, kx, in, 16]`
/// (behind them their transforms where `PlanePlan` applies).
/// Packed backward weights: `[B_in, residues, ky, B_out, kx, 16 out, 16 in]`, each residue of rows and
/// columns (`GradientAxis`) with its part of the window, turned by 180 degrees; those of few channels
/// as `NarrowGradient` has them. Weight gradient: as the forward weights; for an image
/// `[B_out, taps, 16]` with taps `(ky · width + kx) · channels + channel` padded to 16.
enum DirectConvolution {
  /// Floats of an image's taps at one pixel, padded to whole blocks.
  static func tapCount(_ g: ConvGeometry) -> Int {
    channelBlocks(g.windowHeight * g.windowWidth * g.planeChannels) * lanes
  }

  /// Floats of one output block of the forward weights.
  static func forwardColumn(_ g: ConvGeometry) -> Int {
    let taps = g.windowHeight * g.windowWidth
    return g.isPlane
      ? taps * g.planeChannels * lanes : taps * g.inputBlocks * lanes * lanes
  }

  /// Floats of one input block of the backward weights.
  static func backwardColumn(_ g: ConvGeometry) -> Int {
    g.windowHeight * g.windowWidth * g.outputBlocks * lanes * lanes
  }

  /// Floats of one output block of the weight gradient.
  static func gradientColumn(_ g: ConvGeometry) -> Int {
    g.isPlane ? tapCount(g) * lanes : forwardColumn(g)
  }

  static func accumulatorCount(_ g: ConvGeometry) -> Int { g.outputBlocks * gradientColumn(g) }

  static func storage(_ g: ConvGeometry) -> ConvStorage {
    let windows = PlanePlan.applies(to: g)
    let narrow = NarrowGradient.applies(to: g)
    let forwardWeights = g.outputBlocks * (forwardColumn(g) + (windows ? lanes * lanes : 0))
    let backwardWeights =
      narrow ? NarrowGradient(g).weightCount : g.isPlane ? 0 : g.inputBlocks * backwardColumn(g)
    let scratch = windows ? PlanePlan(g).scratchCount : narrow ? NarrowGradient(g).scratchCount : 0
    let gradients = g.outputGradientCount + (g.isPlane ? 0 : g.inputGradientCount)
    return ConvStorage(
      forwardWeights: forwardWeights, backwardWeights: backwardWeights,
      accumulator: accumulatorCount(g), weightGradient: accumulatorCount(g), scratch: scratch,
      imageGroup: 1, forwardCall: forwardWeights + scratch + g.inputCount + g.outputCount,
      backwardCall: backwardWeights + scratch + g.inputCount + gradients + accumulatorCount(g))
  }

  /// A 1x1 convolution that takes every pixel as it lies, as one of a single row: tiles of the
  /// products need not end with a row of the image.
  private static func flattened(_ geometry: ConvGeometry) -> ConvGeometry {
    guard geometry.windowHeight == 1, geometry.windowWidth == 1, geometry.isStepwise,
      geometry.padding == Edges(0), !geometry.isPlane
    else { return geometry }
    var row = geometry
    row.inputWidth = geometry.inputPixels
    row.inputHeight = 1
    return row
  }

  static func forward(
    _ geometry: ConvGeometry, x: FloatPointer, weights: FloatPointer, z: MutableFloatPointer
  ) {
    let g = flattened(geometry)
    let width = g.outputWidth
    let height = g.outputHeight
    let pixel = g.isPlane ? g.planeChannels : lanes
    let row = g.paddedWidth * pixel
    let run = g.windowWidth * pixel
    let product =
      g.isPlane
      ? PanelProduct(
        outerCount: g.windowHeight, outerStep: row, run: run, lastRun: run,
        weightStep: run * lanes, rowStride: g.horizontalStride * pixel,
        weightColumn: forwardColumn(g), outputColumn: height * width * lanes)
      : PanelProduct(
        outerCount: g.windowHeight, outerStep: row, blocks: g.inputBlocks,
        blockStep: g.paddedHeight * row, channels: g.inputChannels, taps: g.windowWidth,
        rowStride: g.horizontalStride * lanes, weightColumn: forwardColumn(g),
        outputColumn: height * width * lanes)
    sweep(
      product, channels: g.outputChannels, height: height, width: width,
      rowStep: g.verticalStride * row, outputStep: width * lanes, x, weights, z)
  }

  /// Each residue of rows and columns is a convolution of its own; inputs that meet no tap get zeros.
  static func inputGradient(
    _ geometry: ConvGeometry, dz: FloatPointer, weights: FloatPointer, dx: MutableFloatPointer,
    scratch: MutableFloatPointer
  ) {
    if NarrowGradient.applies(to: geometry) {
      return NarrowGradient(geometry).run(dz: dz, weights: weights, dx: dx, scratch: scratch)
    }
    let g = flattened(geometry)
    let (rows, columns) = (g.gradientRows, g.gradientColumns)
    var y = 0
    while y < min(rows.stride, g.inputHeight) {
      var x = 0
      while x < min(columns.stride, g.inputWidth) {
        inputGradient(g, rows, y, columns, x, dz, weights, dx)
        x += 1
      }
      y += 1
    }
  }

  private static func inputGradient(
    _ g: ConvGeometry, _ rows: GradientAxis, _ y: Int, _ columns: GradientAxis, _ x: Int,
    _ dz: FloatPointer, _ weights: FloatPointer, _ dx: MutableFloatPointer
  ) {
    let row = g.gradientWidth * lanes
    let taps = columns.tapCount(x)
    let product = PanelProduct(
      outerCount: taps > 0 ? rows.tapCount(y) : 0, outerStep: row, blocks: g.outputBlocks,
      blockStep: g.gradientHeight * row, channels: g.outputChannels, taps: taps,
      weightColumn: backwardColumn(g), outputStride: columns.stride * lanes,
      outputColumn: g.inputPixels * lanes)
    let isEmpty = product.outerCount == 0
    let top = isEmpty ? 0 : g.gradientTop + rows.firstOutput(y)
    let left = isEmpty ? 0 : g.gradientLeft + columns.firstOutput(x)
    // A block for each pixel of a map that is taken as features.
    let channels = g.featurePixels > 1 ? g.inputBlocks * lanes : g.inputChannels
    sweep(
      product, channels: channels, height: rows.inputCount(y), width: columns.inputCount(x),
      rowStep: row, outputStep: rows.stride * g.inputWidth * lanes, dz + top * row + left * lanes,
      weights + backwardResidue(g, rows, y, columns, x), dx + (y * g.inputWidth + x) * lanes)
  }

  /// Where a residue's taps begin in an input block's backward weights.
  static func backwardResidue(
    _ g: ConvGeometry, _ rows: GradientAxis, _ y: Int, _ columns: GradientAxis, _ x: Int
  ) -> Int {
    let taps =
      rows.tapCount(before: y) * g.windowWidth + rows.tapCount(y) * columns.tapCount(before: x)
    return taps * g.outputBlocks * lanes * lanes
  }

  /// All channels and rows of a product; rows of `a` lie `rowStep` floats apart, those of `z`
  /// `outputStep`.
  private static func sweep(
    _ product: PanelProduct, channels: Int, height: Int, width: Int, rowStep: Int,
    outputStep: Int, _ a: FloatPointer, _ b: FloatPointer, _ z: MutableFloatPointer
  ) {
    var block = 0
    while block * lanes < channels {
      let tile = TileWidth(channels - block * lanes)
      let tileRows = TileLimits.rows(width, tile)
      var y = 0
      while y < height {
        productSweep(
          product, rowCount: width, tileRows: tileRows, tile, a: a + y * rowStep,
          b: b + block * product.weightColumn,
          z: z + block * product.outputColumn + y * outputStep)
        y += 1
      }
      block += tile.blocks
    }
  }

  static func weightGradient(
    _ geometry: ConvGeometry, x: FloatPointer, dz: FloatPointer, gradient: MutableFloatPointer
  ) {
    let g = flattened(geometry)
    let start = dz + (g.gradientTop * g.gradientWidth + g.gradientLeft) * lanes
    let pixel = g.isPlane ? g.planeChannels : lanes
    let gradientRow = g.gradientWidth * lanes
    let sum = Correlation(
      outerCount: g.outputHeight, outerStepA: g.verticalStride * g.paddedWidth * pixel,
      outerStepB: gradientRow, innerCount: g.outputWidth, innerStepA: g.horizontalStride * pixel,
      innerStepB: lanes, columnB: g.gradientHeight * gradientRow, resultColumn: gradientColumn(g))
    if g.isPlane {
      correlateRows(g, sum, x: x, b: start, result: gradient)
    } else {
      correlateBlocks(g, sum, x: x, b: start, result: gradient)
    }
  }

  /// The taps of a row of the window lie side by side in an image.
  private static func correlateRows(
    _ g: ConvGeometry, _ sum: Correlation, x: FloatPointer, b: FloatPointer,
    result: MutableFloatPointer
  ) {
    let run = g.windowWidth * g.planeChannels
    var block = 0
    while block < g.outputBlocks {
      let columns = CorrelationLimits.columns(g.outputBlocks - block)
      correlateTaps(
        sum,
        Taps(
          count: g.windowHeight, step: g.paddedWidth * g.planeChannels, resultStep: run * lanes),
        count: run, columns: columns, a: x, b: b + block * sum.columnB,
        result: result + block * sum.resultColumn)
      block += columns
    }
  }

  private static func correlateBlocks(
    _ g: ConvGeometry, _ sum: Correlation, x: FloatPointer, b: FloatPointer,
    result: MutableFloatPointer
  ) {
    let row = g.paddedWidth * lanes
    let plane = g.paddedHeight * row
    // Between dilated taps there is nothing to learn.
    let taps = Taps(
      count: g.kernelWidth, step: g.dilation * lanes, resultStep: g.dilation * lanes * lanes)
    var block = 0
    while block < g.outputBlocks {
      let columns = CorrelationLimits.columns(g.outputBlocks - block)
      var segment = 0
      while segment < g.windowHeight * g.inputBlocks {
        let ky = segment / g.inputBlocks
        let inputBlock = segment % g.inputBlocks
        let channels = min(lanes, g.inputChannels - inputBlock / g.featurePixels * lanes)
        if ky % g.dilation == 0 {
          correlateTaps(
            sum, taps, count: channels, columns: columns, a: x + ky * row + inputBlock * plane,
            b: b + block * sum.columnB,
            result: result + block * sum.resultColumn + segment * g.windowWidth * lanes * lanes)
        }
        segment += 1
      }
      block += columns
    }
  }
}
