// V = Bᵀ d B: padded images into the Winograd domain.
// A strip of one tile row is transformed along y for all columns, then along x, row by row.
import PTrainKernelTypes

extension WinogradPlan {
  /// Image `image` of a call, `x [B_in, paddedHeight, paddedWidth, 16]`, to its rows of `V`.
  func transformInput(_ source: FloatPointer, _ image: Int, _ buffers: WinogradBuffers) {
    let rowFloats = geometry.paddedWidth * lanes
    clearStripEdge(buffers)
    var block = 0
    while block < inputBlocks {
      let plane = source + block * geometry.paddedHeight * rowFloats
      var ty = 0
      while ty < y.tiles {
        let points = y.points(ty)
        let rows = tileRows(plane + 4 * ty * rowFloats, 4 * ty, points, buffers)
        if points == 6 {
          inputColumnsSix(rows, rowFloats, buffers.strip, stripRow, geometry.paddedWidth)
        } else {
          inputColumnsFour(rows, rowFloats, buffers.strip, stripRow, geometry.paddedWidth)
        }
        transformInputRows(block, image, ty, points, buffers)
        ty += 1
      }
      block += 1
    }
  }

  /// Strip columns beyond the padded image: zero.
  @inline(__always) private func clearStripEdge(_ buffers: WinogradBuffers) {
    let width = geometry.paddedWidth
    guard width < stripColumns else { return }
    var i = 0
    while i < 6 {
      clear(buffers.strip + i * stripRow + width * lanes, (stripColumns - width) * lanes)
      i += 1
    }
  }

  /// The rows of a tile, completed with zeros where the padded image ends before it.
  @inline(__always) private func tileRows(
    _ rows: FloatPointer, _ first: Int, _ points: Int, _ buffers: WinogradBuffers
  ) -> FloatPointer {
    guard first + points > geometry.paddedHeight else { return rows }
    let rowFloats = geometry.paddedWidth * lanes
    let present = (geometry.paddedHeight - first) * rowFloats
    buffers.edge.update(from: rows, count: present)
    clear(buffers.edge + present, points * rowFloats - present)
    return FloatPointer(buffers.edge)
  }

  @inline(__always) private func transformInputRows(
    _ block: Int, _ image: Int, _ ty: Int, _ points: Int, _ buffers: WinogradBuffers
  ) {
    let start = buffers.v + block * inputStep
    var i = 0
    while i < points {
      let low = start + 6 * i * inputPosition + row(i, 0, image, ty) * lanes
      let high = start + (6 * i + 4) * inputPosition + row(i, 4, image, ty) * lanes
      inputRow(buffers.strip + i * stripRow, low, high, inputPosition, x.fours, x.twos)
      i += 1
    }
  }
}

@inline(never) private func inputColumnsSix(
  _ source: FloatPointer, _ sourceRow: Int, _ strip: MutableFloatPointer, _ stripRow: Int,
  _ columns: Int
) {
  var p = source
  var q = strip
  var i = 0
  while i < columns {
    storeSix(q, stripRow, inputPoints(loadSix(p, sourceRow)))
    p += lanes
    q += lanes
    i += 1
  }
}

@inline(never) private func inputColumnsFour(
  _ source: FloatPointer, _ sourceRow: Int, _ strip: MutableFloatPointer, _ stripRow: Int,
  _ columns: Int
) {
  var p = source
  var q = strip
  var i = 0
  while i < columns {
    storeFour(q, stripRow, inputPoints(loadFour(p, sourceRow)))
    p += lanes
    q += lanes
    i += 1
  }
}

/// One strip row: points 0...3 of every tile to `low`, 4 and 5 of the tiles of 4 to `high`.
@inline(never) private func inputRow(
  _ strip: FloatPointer, _ low: MutableFloatPointer, _ high: MutableFloatPointer,
  _ position: Int, _ fours: Int, _ twos: Int
) {
  var q = strip
  var a = low
  var b = high
  var tile = 0
  while tile < fours {
    let v = inputPoints(loadSix(q, lanes))
    storeFour(a, position, (v.0, v.1, v.2, v.3))
    store(b, v.4)
    store(b + position, v.5)
    q += 4 * lanes
    a += lanes
    b += lanes
    tile += 1
  }
  if twos > 0 { storeFour(a, position, inputPoints(loadFour(q, lanes))) }
}
