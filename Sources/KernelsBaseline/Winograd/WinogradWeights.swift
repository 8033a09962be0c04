// U = G w Gᵀ for both directions, and the adjoint for the weight gradient.
// Lanes are output channels forward and input channels backward.
import PTrainKernelTypes

extension WinogradPlan {
  /// A tile of `forward [36, B_out, 16·B_in, 16 out]` and `backward [36, B_in, 16·B_out, 16 in]`.
  static func pack(
    _ g: ConvGeometry, _ tile: WeightTile, weights: FloatPointer, forward: MutableFloatPointer,
    backward: MutableFloatPointer?
  ) {
    let row = 9 * g.inputChannels
    let corner = weights + tile.outputs.lowerBound * row + tile.inputs.lowerBound * 9
    packSide(
      corner, rows: tile.inputs.count, rowStep: 9, columns: tile.outputs.count, columnStep: row,
      forward + (tile.outputBlock * g.inputBlocks + tile.inputBlock) * lanes * lanes,
      position: g.inputBlocks * g.outputBlocks * lanes * lanes)
    if let backward {
      packSide(
        corner, rows: tile.outputs.count, rowStep: row, columns: tile.inputs.count, columnStep: 9,
        backward + (tile.inputBlock * g.outputBlocks + tile.outputBlock) * lanes * lanes,
        position: g.inputBlocks * g.outputBlocks * lanes * lanes)
    }
  }

  /// One side of a tile: `result [36, 16 rows, 16]` with `position` floats from one position to the
  /// next; rows and lanes beyond the tile's are zero.
  private static func packSide(
    _ weights: FloatPointer, rows: Int, rowStep: Int, columns: Int, columnStep: Int,
    _ result: MutableFloatPointer, position: Int
  ) {
    withStackVectors { taps in
      withStackVectors { half in
        var row = 0
        while row < lanes {
          clear(taps, 9 * lanes)
          if row < rows { gather(weights + row * rowStep, columnStep, columns, taps) }
          let target = result + row * lanes
          weightsAlongY(taps, half)
          weightsAlongX(half, target, position, 5)
          weightsAlongX(taps + 9 * lanes, target + 30 * position, position, 1)
          row += 1
        }
      }
    }
  }

  /// `taps [9, 16]` of `width` kernels that lie `step` floats apart.
  @inline(never) private static func gather(
    _ source: FloatPointer, _ step: Int, _ width: Int, _ taps: MutableFloatPointer
  ) {
    var lane = 0
    while lane < width {
      let kernel = source + lane * step
      var tap = 0
      while tap < 9 {
        taps[tap * lanes + lane] = kernel[tap]
        tap += 1
      }
      lane += 1
    }
  }

  /// Five rows of three to `half [5, 3, 16]`, the sixth behind the nine taps.
  @inline(never) private static func weightsAlongY(
    _ taps: MutableFloatPointer, _ half: MutableFloatPointer
  ) {
    var j = 0
    while j < 3 * lanes {
      let points = weightPoints(
        load(taps + j), load(taps + 3 * lanes + j), load(taps + 6 * lanes + j))
      storeFour(half + j, 3 * lanes, (points.0, points.1, points.2, points.3))
      store(half + 12 * lanes + j, points.4)
      store(taps + 9 * lanes + j, points.5)
      j += lanes
    }
  }

  /// `rows` rows of three to six positions each.
  @inline(never) private static func weightsAlongX(
    _ half: FloatPointer, _ result: MutableFloatPointer, _ position: Int, _ rows: Int
  ) {
    var i = 0
    while i < rows {
      let row = half + 3 * i * lanes
      let points = weightPoints(load(row), load(row + lanes), load(row + 2 * lanes))
      storeSix(result + 6 * i * position, position, points)
      i += 1
    }
  }

  /// `gradient [B_out, 16·B_in, 9, 16 out]` of the accumulated `dU [36, B_out, 16·B_in, 16]`, which is
  /// lost: the transform along y is in place. 16 vectors at a time, since positions lie far apart.
  static func finishGradient(
    _ g: ConvGeometry, accumulator: MutableFloatPointer, gradient: MutableFloatPointer
  ) {
    let position = gradientPosition(g)
    let run = lanes * lanes
    var start = 0
    while start < g.inputBlocks * g.outputBlocks * run {
      gradientAlongY(accumulator + start, position, run)
      gradientAlongX(accumulator + start, position, run, gradient + 9 * start)
      start += run
    }
  }

  /// Six rows of positions to the first three.
  @inline(never) private static func gradientAlongY(
    _ accumulator: MutableFloatPointer, _ position: Int, _ run: Int
  ) {
    var j = 0
    while j < 6 {
      let column = accumulator + j * position
      var i = 0
      while i < run {
        let w = weightGradients(loadSix(column + i, 6 * position))
        store(column + i, w.0)
        store(column + 6 * position + i, w.1)
        store(column + 12 * position + i, w.2)
        i += lanes
      }
      j += 1
    }
  }

  /// `gradient [16, 9, 16]`
  @inline(never) private static func gradientAlongX(
    _ accumulator: FloatPointer, _ position: Int, _ run: Int, _ gradient: MutableFloatPointer
  ) {
    var i = 0
    while i < 3 {
      let source = accumulator + 6 * i * position
      var target = gradient + 3 * i * lanes
      var vector = 0
      while vector < run {
        let w = weightGradients(loadSix(source + vector, position))
        store(target, w.0)
        store(target + lanes, w.1)
        store(target + 2 * lanes, w.2)
        target += 9 * lanes
        vector += lanes
      }
      i += 1
    }
  }

  static func unpackGradient(
    _ g: ConvGeometry, _ tile: WeightTile, gradient: FloatPointer, result: MutableFloatPointer
  ) {
    let plane =
      gradient + (tile.outputBlock * g.inputBlocks + tile.inputBlock) * 9 * lanes * lanes
    let count = 9 * tile.inputs.count
    var lane = 0
    while lane < tile.outputs.count {
      let output = tile.outputs.lowerBound + lane
      let target = result + 9 * (output * g.inputChannels + tile.inputs.lowerBound)
      var k = 0
      while k < count {
        target[k] = plane[k * lanes + lane]
        k += 1
      }
      lane += 1
    }
  }
}
