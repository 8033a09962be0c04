// U = G w Gᵀ for both directions, and the adjoint for the weight gradient.
// Lanes are output channels forward and input channels backward.
import KernelTypes

extension WinogradPlan {
  /// `forward [36, B_out, 16·B_in, 16 out]`, `backward [36, B_in, 16·B_out, 16 in]`.
  static func pack(
    _ g: ConvGeometry, weights: FloatPointer, forward: MutableFloatPointer,
    backward: MutableFloatPointer?
  ) {
    packSide(
      weights, forward, rows: g.inputChannels, rowStep: 9, columns: g.outputChannels,
      columnStep: 9 * g.inputChannels)
    if let backward {
      packSide(
        weights, backward, rows: g.outputChannels, rowStep: 9 * g.inputChannels,
        columns: g.inputChannels, columnStep: 9)
    }
  }

  /// One side: `result [36, column blocks, row blocks · 16, 16]`; padded rows and lanes are zero.
  private static func packSide(
    _ weights: FloatPointer, _ result: MutableFloatPointer, rows: Int, rowStep: Int,
    columns: Int, columnStep: Int
  ) {
    let paddedRows = channelBlocks(rows) * lanes
    let blocks = channelBlocks(columns)
    let position = blocks * paddedRows * lanes
    withUnsafeTemporaryAllocation(byteCount: (9 + 18) * lanes * 4, alignment: 64) { bytes in
      let taps = bytes.baseAddress.unsafelyUnwrapped.assumingMemoryBound(to: Float.self)
      let half = taps + 9 * lanes
      var block = 0
      while block < blocks {
        let width = min(lanes, columns - block * lanes)
        var row = 0
        while row < paddedRows {
          clear(taps, 9 * lanes)
          if row < rows {
            let source = weights + row * rowStep + block * lanes * columnStep
            gather(source, columnStep, width, taps)
          }
          weightsAlongY(taps, half)
          weightsAlongX(half, result + (block * paddedRows + row) * lanes, position)
          row += 1
        }
        block += 1
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

  @inline(never) private static func weightsAlongY(
    _ taps: FloatPointer, _ half: MutableFloatPointer
  ) {
    var j = 0
    while j < 3 * lanes {
      let points = weightPoints(
        load(taps + j), load(taps + 3 * lanes + j), load(taps + 6 * lanes + j))
      storeSix(half + j, 3 * lanes, points)
      j += lanes
    }
  }

  @inline(never) private static func weightsAlongX(
    _ half: FloatPointer, _ result: MutableFloatPointer, _ position: Int
  ) {
    var i = 0
    while i < 6 {
      let row = half + 3 * i * lanes
      let points = weightPoints(load(row), load(row + lanes), load(row + 2 * lanes))
      storeSix(result + 6 * i * position, position, points)
      i += 1
    }
  }

  /// `gradient [B_out, 16·B_in, 9, 16 out]` of the accumulated `dU [36, B_out, 16·B_in, 16]`.
  static func finishGradient(
    _ g: ConvGeometry, accumulator: FloatPointer, gradient: MutableFloatPointer
  ) {
    let position = g.inputBlocks * g.outputBlocks * lanes * lanes
    withUnsafeTemporaryAllocation(byteCount: 18 * lanes * 4, alignment: 64) { bytes in
      let half = bytes.baseAddress.unsafelyUnwrapped.assumingMemoryBound(to: Float.self)
      var vector = 0
      while vector < position / lanes {
        gradientAlongY(accumulator + vector * lanes, position, half)
        gradientAlongX(half, gradient + vector * 9 * lanes)
        vector += 1
      }
    }
  }

  @inline(never) private static func gradientAlongY(
    _ accumulator: FloatPointer, _ position: Int, _ half: MutableFloatPointer
  ) {
    var j = 0
    while j < 6 {
      let w = weightGradients(loadSix(accumulator + j * position, 6 * position))
      store(half + j * lanes, w.0)
      store(half + (6 + j) * lanes, w.1)
      store(half + (12 + j) * lanes, w.2)
      j += 1
    }
  }

  @inline(never) private static func gradientAlongX(
    _ half: FloatPointer, _ gradient: MutableFloatPointer
  ) {
    var i = 0
    while i < 3 {
      let w = weightGradients(loadSix(half + 6 * i * lanes, lanes))
      let target = gradient + 3 * i * lanes
      store(target, w.0)
      store(target + lanes, w.1)
      store(target + 2 * lanes, w.2)
      i += 1
    }
  }

  static func unpackGradient(
    _ g: ConvGeometry, gradient: FloatPointer, result: MutableFloatPointer
  ) {
    let paddedRows = g.inputBlocks * lanes
    var target = result
    var output = 0
    while output < g.outputChannels {
      let plane = gradient + output / lanes * paddedRows * 9 * lanes + output % lanes
      var k = 0
      while k < 9 * g.inputChannels {
        target[k] = plane[k * lanes]
        k += 1
      }
      target += 9 * g.inputChannels
      output += 1
    }
  }
}
