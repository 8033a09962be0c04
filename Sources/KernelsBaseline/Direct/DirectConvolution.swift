// Direct convolutions: any kernel size, stride and padding, blocked or plane input.
// Weights are packed in the order in which the product reads them.
import KernelTypes

/// How the direct kernels see a geometry.
///
/// Taps are those of the whole window: between dilated ones stand zeros, and so they do between the
/// channels of unlike groups.
/// Packed forward weights: `[B_out, ky, B_in, kx, 16 in, 16 out]`, for an image `[B_out, ky, kx, in, 16]`
/// (behind them their transforms where `PlanePlan` applies).
/// Packed backward weights: `[B_in, ky, B_out, kx, 16 out, 16 in]` with the window turned by 180
/// degrees. Weight gradient: as the forward weights; for an image `[B_out, taps, 16]` with taps
/// `(ky · width + kx) · channels + channel` padded to 16.
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

  static func storage(_ g: ConvGeometry) -> ConvStorage {
    let windows = PlanePlan.applies(to: g)
    return ConvStorage(
      forwardWeights: g.outputBlocks * (forwardColumn(g) + (windows ? lanes * lanes : 0)),
      backwardWeights: g.isPlane ? 0 : g.inputBlocks * backwardColumn(g),
      accumulator: g.outputBlocks * gradientColumn(g),
      weightGradient: g.outputBlocks * gradientColumn(g),
      scratch: windows
        ? PlanePlan(g).scratchCount : g.isPlane ? g.outputPixels * tapCount(g) : 0,
      imageGroup: 1)
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
    let product = PanelProduct(
      outerCount: g.windowHeight, outerStep: row, innerCount: g.isPlane ? 1 : g.inputBlocks,
      innerStep: g.paddedHeight * row, run: g.windowWidth * pixel,
      rowStride: g.horizontalStride * pixel, weightColumn: forwardColumn(g),
      outputColumn: height * width * lanes)
    sweep(
      product, blocks: g.outputBlocks, height: height, width: width,
      rowStep: g.verticalStride * row, outputStep: width * lanes, x, weights, z)
  }

  /// Rows of the window that meet no gradient, but the zeros between those of a vertical stride, are left out.
  static func inputGradient(
    _ geometry: ConvGeometry, dz: FloatPointer, weights: FloatPointer, dx: MutableFloatPointer
  ) {
    let g = flattened(geometry)
    let row = g.gradientWidth * lanes
    let stride = g.verticalStride
    let window = g.windowHeight
    let top = g.gradientTop + window * stride
    let weightRow = g.outputBlocks * g.windowWidth * lanes * lanes
    var residue = 0
    while residue < min(stride, g.inputHeight) {
      // The first row of the window under which a gradient lies.
      let first = (top - residue) % stride
      let product = PanelProduct(
        outerCount: ceilingDivide(max(window - first, 0), stride), outerStep: stride * row,
        innerCount: g.outputBlocks, innerStep: g.gradientHeight * row, run: g.windowWidth * lanes,
        rowStride: lanes, weightGap: (stride - 1) * weightRow, weightColumn: backwardColumn(g),
        outputColumn: g.inputPixels * lanes)
      sweep(
        product, blocks: g.inputBlocks, height: ceilingDivide(g.inputHeight - residue, stride),
        width: g.inputWidth, rowStep: stride * row, outputStep: stride * g.inputWidth * lanes,
        dz + (residue + first) * row, weights + first * weightRow,
        dx + residue * g.inputWidth * lanes)
      residue += 1
    }
  }

  /// All output blocks and rows of a product; those of `a` lie `rowStep` floats apart, those of `z`
  /// `outputStep`.
  private static func sweep(
    _ product: PanelProduct, blocks: Int, height: Int, width: Int, rowStep: Int,
    outputStep: Int, _ a: FloatPointer, _ b: FloatPointer, _ z: MutableFloatPointer
  ) {
    var block = 0
    while block < blocks {
      let columns = TileLimits.columns(blocks - block)
      let tileRows = TileLimits.rows(width, columns: columns)
      var y = 0
      while y < height {
        productSweep(
          product, rowCount: width, tileRows: tileRows, columns: columns, a: a + y * rowStep,
          b: b + block * product.weightColumn,
          z: z + block * product.outputColumn + y * outputStep)
        y += 1
      }
      block += columns
    }
  }

  /// `scratch` holds an image's taps; a blocked input needs none.
  static func weightGradient(
    _ geometry: ConvGeometry, x: FloatPointer, dz: FloatPointer, gradient: MutableFloatPointer,
    scratch: MutableFloatPointer
  ) {
    let g = flattened(geometry)
    let start = dz + (g.gradientTop * g.gradientWidth + g.gradientLeft) * lanes
    if g.isPlane {
      gatherTaps(g, x: x, taps: scratch)
      let taps = tapCount(g)
      let sum = correlation(g, rowStepA: g.outputWidth * taps, pixelStepA: taps)
      correlateTaps(g, sum, a: FloatPointer(scratch), b: start, result: gradient)
    } else {
      let row = g.paddedWidth * lanes
      let sum = correlation(
        g, rowStepA: g.verticalStride * row, pixelStepA: g.horizontalStride * lanes)
      correlateBlocks(g, sum, x: x, b: start, result: gradient)
    }
  }

  private static func correlation(
    _ g: ConvGeometry, rowStepA: Int, pixelStepA: Int
  ) -> Correlation {
    let gradientRow = g.gradientWidth * lanes
    return Correlation(
      outerCount: g.outputHeight, outerStepA: rowStepA,
      outerStepB: g.verticalStride * gradientRow, innerCount: g.outputWidth,
      innerStepA: pixelStepA, innerStepB: g.horizontalStride * lanes,
      columnB: g.gradientHeight * gradientRow, resultColumn: gradientColumn(g))
  }

  private static func correlateTaps(
    _ g: ConvGeometry, _ sum: Correlation, a: FloatPointer, b: FloatPointer,
    result: MutableFloatPointer
  ) {
    var block = 0
    while block < g.outputBlocks {
      let columns = TileLimits.columns(g.outputBlocks - block)
      var tap = 0
      while tap < tapCount(g) {
        correlateBlock(
          sum, columns: columns, a: a + tap, b: b + block * sum.columnB,
          result: result + block * sum.resultColumn + tap * lanes)
        tap += lanes
      }
      block += columns
    }
  }

  private static func correlateBlocks(
    _ g: ConvGeometry, _ sum: Correlation, x: FloatPointer, b: FloatPointer,
    result: MutableFloatPointer
  ) {
    let row = g.paddedWidth * lanes
    let plane = g.paddedHeight * row
    var block = 0
    while block < g.outputBlocks {
      let columns = TileLimits.columns(g.outputBlocks - block)
      var target = result + block * sum.resultColumn
      var segment = 0
      while segment < g.windowHeight * g.inputBlocks {
        let ky = segment / g.inputBlocks
        let a = x + ky * row + segment % g.inputBlocks * plane
        var kx = 0
        while kx < g.windowWidth {
          // Between dilated taps there is nothing to learn.
          if ky % g.dilation == 0 && kx % g.dilation == 0 {
            correlateBlock(
              sum, columns: columns, a: a + kx * lanes, b: b + block * sum.columnB, result: target)
          }
          target += lanes * lanes
          kx += 1
        }
        segment += 1
      }
      block += columns
    }
  }

  @inline(__always) private static func copy(
    _ source: FloatPointer, _ target: MutableFloatPointer, _ count: Int
  ) {
    var k = 0
    while k < count {
      target[k] = source[k]
      k += 1
    }
  }

  /// `taps [pixels, taps padded to 16]`: the window of the image under each output pixel.
  private static func gatherTaps(_ g: ConvGeometry, x: FloatPointer, taps: MutableFloatPointer) {
    let count = tapCount(g)
    let width = g.outputWidth
    let pixels = g.outputPixels
    let rowFloats = g.paddedWidth * g.planeChannels
    let run = g.windowWidth * g.planeChannels
    let rows = g.windowHeight
    let rowStep = g.verticalStride * rowFloats
    let step = g.horizontalStride * g.planeChannels
    var pixel = 0
    while pixel < pixels {
      let window = x + pixel / width * rowStep + pixel % width * step
      var target = taps + pixel * count
      var ky = 0
      while ky < rows {
        let source = window + ky * rowFloats
        // What is copied beyond a run is overwritten by the next.
        if run <= lanes && ky < rows - 1 && ky * run + lanes <= count {
          storeUnaligned(target, loadUnaligned(source))
        } else {
          copy(source, target, run)
        }
        target += run
        ky += 1
      }
      var tap = rows * run
      while tap < count {
        taps[pixel * count + tap] = 0
        tap += 1
      }
      pixel += 1
    }
  }
}
