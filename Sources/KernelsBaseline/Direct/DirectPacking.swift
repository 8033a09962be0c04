// Weights between `[out, in / groups, height, width]` and the order of the direct kernels.
// Lanes without a weight stay zero: beyond the last channel, between dilated taps, between groups.
import PTrainKernelTypes

extension DirectConvolution {
  /// Where the taps of a tile's weights stand in the packed forms.
  private struct Place {
    let forward: Int
    let backward: Int
    /// Place of the tap among the taps of one weight row.
    let tap: Int
  }

  /// Calls `body` for every tap of a tile; a feature pixel of a dense layer is one, too.
  @inline(__always) private static func forEachTap(
    _ g: ConvGeometry, _ tile: WeightTile, _ body: (Place) -> Void
  ) {
    let axes = (rows: g.gradientRows, columns: g.gradientColumns)
    var tap = 0
    while tap < g.taps {
      let pixel = g.featurePixels > 1 ? tap : 0
      let window = g.featurePixels > 1 ? 0 : tap
      let ky = window / g.kernelWidth * g.dilation
      let kx = window % g.kernelWidth * g.dilation
      let block = tile.inputBlock * g.featurePixels + pixel
      body(
        Place(
          forward: forwardOffset(g, tile.outputBlock, block, ky, kx),
          backward: backwardOffset(g, axes, tile.outputBlock, block, ky, kx), tap: tap))
      tap += 1
    }
  }

  /// `[16 in, 16 out]` of two blocks at `(ky, kx)` in the forward weights; `[in, 16 out]` for an image.
  @inline(__always) private static func forwardOffset(
    _ g: ConvGeometry, _ outputBlock: Int, _ inputBlock: Int, _ ky: Int, _ kx: Int
  ) -> Int {
    let block = outputBlock * forwardColumn(g)
    if g.isPlane { return block + (ky * g.windowWidth + kx) * g.planeChannels * lanes }
    return block + ((ky * g.inputBlocks + inputBlock) * g.windowWidth + kx) * lanes * lanes
  }

  /// `[16 out, 16 in]` of two blocks at `(ky, kx)` in the backward weights.
  @inline(__always) private static func backwardOffset(
    _ g: ConvGeometry, _ axes: (rows: GradientAxis, columns: GradientAxis), _ outputBlock: Int,
    _ inputBlock: Int, _ ky: Int, _ kx: Int
  ) -> Int {
    let (rows, columns) = axes
    let (y, x) = (rows.residue(ofTap: ky), columns.residue(ofTap: kx))
    let row = rows.order(ofTap: ky) * g.outputBlocks + outputBlock
    let segment = row * columns.tapCount(x) + columns.order(ofTap: kx)
    return inputBlock * backwardColumn(g) + backwardResidue(g, rows, y, columns, x)
      + segment * lanes * lanes
  }

  static func pack(
    _ g: ConvGeometry, _ tile: WeightTile, weights: FloatPointer, forward: MutableFloatPointer,
    backward: MutableFloatPointer?
  ) {
    if g.dilation > 1 { clearWindows(g, tile, forward: forward, backward: backward) }
    forEachTap(g, tile) { place in
      clear(forward + place.forward, (g.isPlane ? g.planeChannels : lanes) * lanes)
      if let backward { clear(backward + place.backward, lanes * lanes) }
    }
    var output = tile.outputs.lowerBound
    while output < tile.outputs.upperBound {
      let column = output - tile.outputs.lowerBound
      let (inputs, first) = g.weights(of: output, in: tile)
      let row = inputs.lowerBound - tile.inputs.lowerBound
      forEachTap(g, tile) { place in
        let source = weights + first + place.tap
        let target = forward + place.forward + row * lanes + column
        scatter(source, g.taps, target, lanes, inputs.count)
        if let backward {
          scatter(source, g.taps, backward + place.backward + column * lanes + row, 1, inputs.count)
        }
      }
      output += 1
    }
    if PlanePlan.applies(to: g) {
      PlanePlan.transformWeights(
        forward + tile.outputBlock * forwardColumn(g),
        forward + g.outputBlocks * forwardColumn(g) + tile.outputBlock * lanes * lanes)
    }
  }

  /// Zeros at all places of a dilated window.
  private static func clearWindows(
    _ g: ConvGeometry, _ tile: WeightTile, forward: MutableFloatPointer,
    backward: MutableFloatPointer?
  ) {
    let axes = (rows: g.gradientRows, columns: g.gradientColumns)
    for ky in 0..<g.windowHeight {
      for kx in 0..<g.windowWidth {
        let target = forward + forwardOffset(g, tile.outputBlock, tile.inputBlock, ky, kx)
        clear(target, (g.isPlane ? g.planeChannels : lanes) * lanes)
        if let backward {
          let offset = backwardOffset(g, axes, tile.outputBlock, tile.inputBlock, ky, kx)
          clear(backward + offset, lanes * lanes)
        }
      }
    }
  }

  @inline(__always) private static func scatter(
    _ source: FloatPointer, _ step: Int, _ target: MutableFloatPointer, _ targetStep: Int,
    _ count: Int
  ) {
    var i = 0
    while i < count {
      target[i * targetStep] = source[i * step]
      i += 1
    }
  }

  /// The accumulator is the gradient already.
  static func finishGradient(
    _ g: ConvGeometry, accumulator: FloatPointer, gradient: MutableFloatPointer
  ) {
    gradient.update(from: accumulator, count: g.outputBlocks * gradientColumn(g))
  }

  static func unpackGradient(
    _ g: ConvGeometry, _ tile: WeightTile, gradient: FloatPointer, result: MutableFloatPointer
  ) {
    for (lane, output) in tile.outputs.enumerated() {
      let (inputs, first) = g.weights(of: output, in: tile)
      let row = inputs.lowerBound - tile.inputs.lowerBound
      forEachTap(g, tile) { place in
        let source = gradient + gradientOffset(g, tile, place) + row * lanes + lane
        scatterBack(source, result + first + place.tap, g.taps, inputs.count)
      }
    }
  }

  /// An image's gradient has its taps padded to whole blocks.
  @inline(__always) private static func gradientOffset(
    _ g: ConvGeometry, _ tile: WeightTile, _ place: Place
  ) -> Int {
    guard g.isPlane else { return place.forward }
    return place.forward + tile.outputBlock * (gradientColumn(g) - forwardColumn(g))
  }

  @inline(__always) private static func scatterBack(
    _ source: FloatPointer, _ target: MutableFloatPointer, _ step: Int, _ count: Int
  ) {
    var i = 0
    while i < count {
      target[i * step] = source[i * lanes]
      i += 1
    }
  }
}
