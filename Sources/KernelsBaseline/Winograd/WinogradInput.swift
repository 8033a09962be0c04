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
    forEachPointRow(image, ty, points, position, buffers) { low, high, strip in
      inputRow(strip, start + low, start + high, position, x.fours, x.twos)
    }
  }
}

@inline(never) private func inputColumnsSix(
  _ source: FloatPointer, _ sourceRow: Int, _ strip: MutableFloatPointer, _ stripRow: Int,
  _ columns: Int
) {
  forEachColumn(source, strip, columns) { p, q in
    storeSix(q, stripRow, inputPoints(loadSix(p, sourceRow)))
  }
}

@inline(never) private func inputColumnsFour(
  _ source: FloatPointer, _ sourceRow: Int, _ strip: MutableFloatPointer, _ stripRow: Int,
  _ columns: Int
) {
  forEachColumn(source, strip, columns) { p, q in
    storeFour(q, stripRow, inputPoints(loadFour(p, sourceRow)))
  }
}

@inline(never) private func inputRow(
  _ strip: FloatPointer, _ low: MutableFloatPointer, _ high: MutableFloatPointer,
  _ position: Int, _ fours: Int, _ twos: Int
) {
  storePoints(
    strip, low, high, position, fours, twos, six: { inputPoints(loadSix($0, lanes)) },
    four: { inputPoints(loadFour($0, lanes)) })
}
