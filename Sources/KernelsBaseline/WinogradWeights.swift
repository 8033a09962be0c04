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
    withStackVectors { taps in
      withStackVectors { half in
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
            let target = result + (block * paddedRows + row) * lanes
            weightsAlongY(taps, half)
            weightsAlongX(half, target, position, 5)
            weightsAlongX(taps + 9 * lanes, target + 30 * position, position, 1)
            row += 1
          }
          block += 1
        }
      }
    }
  }

  /// Room for 16 vectors: 1,024 bytes, the most that is sure to lie on the stack.
  @inline(__always) private static func withStackVectors(_ body: (MutableFloatPointer) -> Void) {
    withUnsafeTemporaryAllocation(byteCount: 16 * lanes * 4, alignment: 64) { bytes in
      body(bytes.baseAddress.unsafelyUnwrapped.assumingMemoryBound(to: Float.self))
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
    let position = g.inputBlocks * g.outputBlocks * lanes * lanes
    let run = lanes * lanes
    var start = 0
    while start < position {
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
