// Input gradients of convolutions from few channels, which would leave most lanes empty: the taps of a
// row of the window lie side by side instead, and what outputs give to one input is added up in place.
import PTrainKernelTypes

/// Packed weights: `[windowHeight, columns, 16·B_out, 16]`, a column 16 of the `(kx, channel)` of a row
/// of the window. The gradient gathers in rows of `paddedWidth · inputChannels` floats: output by output
/// in their order, the products over the output channels added once each.
struct NarrowGradient {
  private let g: ConvGeometry
  /// Blocks of 16 that hold the taps of a row of the window.
  private let columns: Int
  private let windowHeight: Int
  private let outputWidth: Int

  init(_ geometry: ConvGeometry) {
    g = geometry
    columns = channelBlocks(geometry.windowWidth * geometry.inputChannels)
    // The loops would divide for each anew.
    windowHeight = geometry.windowHeight
    outputWidth = geometry.outputWidth
  }

  /// Whether at most half of the products are left.
  static func applies(to g: ConvGeometry) -> Bool {
    guard !g.isPlane, g.featurePixels == 1, g.groups == 1, g.dilation == 1, g.inputChannels <= 8
    else { return false }
    let columns = channelBlocks(g.windowWidth * g.inputChannels)
    let taps = g.windowHeight * g.windowWidth
    return 2 * g.outputPixels * g.windowHeight * columns
      * g.verticalStride * g.horizontalStride <= g.inputPixels * taps
  }

  private var column: Int { g.outputBlocks * lanes * lanes }
  private var rowFloats: Int { g.paddedWidth * g.inputChannels }
  private var planeCount: Int { g.paddedHeight * rowFloats + columns * lanes }
  private var productStep: Int { outputWidth * lanes }

  var weightCount: Int { windowHeight * columns * column }
  var scratchCount: Int {
    aligned(planeCount) + lanes + windowHeight * columns * productStep
  }

  @inline(__always) private func aligned(_ count: Int) -> Int {
    ceilingDivide(count, lanes) * lanes
  }

  /// The weights of a tile; it holds all inputs of its outputs.
  func pack(_ tile: WeightTile, weights: FloatPointer, _ packed: MutableFloatPointer) {
    let block = packed + tile.outputBlock * lanes * lanes
    var index = 0
    while index < windowHeight * columns {
      clear(block + index * column, lanes * lanes)
      index += 1
    }
    // Row by row of the window, its taps by column and channel.
    let run = g.windowWidth * g.inputChannels
    index = 0
    while index < windowHeight * run {
      let (ky, lane) = (index / run, index % run)
      let (kx, input) = (lane / g.inputChannels, lane % g.inputChannels)
      let target = block + (ky * columns + lane / lanes) * column + lane % lanes
      var source =
        weights + tile.outputs.lowerBound * g.weightRow + input * g.taps
        + ky * g.windowWidth + kx
      var output = 0
      while output < tile.outputs.count {
        target[output * lanes] = source[0]
        source += g.weightRow
        output += 1
      }
      index += 1
    }
  }

  /// Overwrites `dx`.
  func run(
    dz: FloatPointer, weights: FloatPointer, dx: MutableFloatPointer, scratch: MutableFloatPointer
  ) {
    let products = scratch + aligned(planeCount) + lanes
    clear(scratch, aligned(planeCount))
    let row = g.gradientWidth * lanes
    let product = PanelProduct(
      blocks: g.outputBlocks, blockStep: g.gradientHeight * row, channels: g.outputChannels,
      weightColumn: column, outputColumn: productStep)
    var y = 0
    while y < g.outputHeight {
      let source = dz + (g.gradientTop + y) * row + g.gradientLeft * lanes
      // Columns of two rows of the window share tiles: as whole blocks.
      productSweep(
        product, rowCount: outputWidth, channels: windowHeight * columns * lanes, a: source,
        b: weights, z: products)
      gather(products, scratch + y * g.verticalStride * rowFloats)
      y += 1
    }
    spread(scratch, dx)
  }

  /// Adds a row of outputs to the rows of inputs below their windows.
  @inline(never) private func gather(
    _ products: FloatPointer, _ rows: MutableFloatPointer
  ) {
    let step = g.horizontalStride * g.inputChannels
    var x = 0
    while x < outputWidth {
      var source = products + x * lanes
      var ky = 0
      while ky < windowHeight {
        var target = rows + ky * rowFloats + x * step
        var index = 0
        while index < columns {
          storeUnaligned(target, loadUnaligned(target) + load(source))
          source += productStep
          target += lanes
          index += 1
        }
        ky += 1
      }
      x += 1
    }
  }

  /// The inside of the padded rows to vectors of 16 lanes.
  @inline(never) private func spread(_ rows: FloatPointer, _ dx: MutableFloatPointer) {
    var mask = SIMD16<Int32>.zero
    var lane = 0
    while lane < g.inputChannels {
      mask[lane] = -1
      lane += 1
    }
    var target = dx
    var y = 0
    while y < g.inputHeight {
      var source = rows + (y + g.padding.top) * rowFloats + g.padding.left * g.inputChannels
      var x = 0
      while x < g.inputWidth {
        store(target, select(mask, loadUnaligned(source), .zero))
        source += g.inputChannels
        target += lanes
        x += 1
      }
      y += 1
    }
  }
}
