// Weights between `[out, in, kernel, kernel]` and the order of the direct kernels.
// Lanes beyond the last channel stay zero, so that padded blocks add nothing.
import KernelTypes

extension DirectConvolution {
  /// `[16 in, 16 out]` of a tile at `(ky, kx)` in the forward weights; `[16 out]` for a plane.
  @inline(__always) private static func forwardOffset(
    _ g: ConvGeometry, _ tile: WeightTile, _ ky: Int, _ kx: Int
  ) -> Int {
    let block = tile.outputBlock * forwardColumn(g)
    if g.isPlane { return block + (ky * g.kernel + kx) * lanes }
    return block + ((ky * g.inputBlocks + tile.inputBlock) * g.kernel + kx) * lanes * lanes
  }

  /// `[16 out, 16 in]` of a tile at `(ky, kx)` in the backward weights.
  @inline(__always) private static func backwardOffset(
    _ g: ConvGeometry, _ tile: WeightTile, _ ky: Int, _ kx: Int
  ) -> Int {
    let row = (g.kernel - 1 - ky) * g.outputBlocks + tile.outputBlock
    let segment = row * g.kernel + g.kernel - 1 - kx
    return tile.inputBlock * backwardColumn(g) + segment * lanes * lanes
  }

  static func pack(
    _ g: ConvGeometry, _ tile: WeightTile, weights: FloatPointer, forward: MutableFloatPointer,
    backward: MutableFloatPointer?
  ) {
    let taps = g.kernel * g.kernel
    let row = g.inputChannels * taps
    let corner = weights + tile.outputs.lowerBound * row + tile.inputs.lowerBound * taps
    for ky in 0..<g.kernel {
      for kx in 0..<g.kernel {
        let source = corner + ky * g.kernel + kx
        packTap(
          source, rows: tile.inputs.count, rowStep: taps, columns: tile.outputs.count,
          columnStep: row, forward + forwardOffset(g, tile, ky, kx),
          paddedRows: g.isPlane ? 1 : lanes)
        if let backward, !g.isPlane {
          packTap(
            source, rows: tile.outputs.count, rowStep: row, columns: tile.inputs.count,
            columnStep: taps, backward + backwardOffset(g, tile, ky, kx), paddedRows: lanes)
        }
      }
    }
    if PlanePlan.applies(to: g) {
      PlanePlan.transformWeights(
        forward + tile.outputBlock * forwardColumn(g),
        forward + g.outputBlocks * forwardColumn(g) + tile.outputBlock * lanes * lanes)
    }
  }

  /// `result [paddedRows, 16]` of one tap's weights.
  private static func packTap(
    _ weights: FloatPointer, rows: Int, rowStep: Int, columns: Int, columnStep: Int,
    _ result: MutableFloatPointer, paddedRows: Int
  ) {
    clear(result, paddedRows * lanes)
    var row = 0
    while row < rows {
      var column = 0
      while column < columns {
        result[row * lanes + column] = weights[row * rowStep + column * columnStep]
        column += 1
      }
      row += 1
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
    let taps = g.kernel * g.kernel
    for (lane, output) in tile.outputs.enumerated() {
      let target = result + (output * g.inputChannels + tile.inputs.lowerBound) * taps
      for ky in 0..<g.kernel {
        for kx in 0..<g.kernel {
          let tap = ky * g.kernel + kx
          let source =
            g.isPlane
            ? gradient + tile.outputBlock * gradientColumn(g) + tap * lanes + lane
            : gradient + forwardOffset(g, tile, ky, kx) + lane
          for input in 0..<tile.inputs.count {
            target[input * taps + tap] = source[input * lanes]
          }
        }
      }
    }
  }
}
