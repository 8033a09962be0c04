// z = Aᵀ M A, and its adjoint dM = A dz Aᵀ.
// Forward goes along x first, so that each row of the strip is ready for the sums along y.
import PTrainKernelTypes

extension WinogradPlan {
  /// The rows of `M` of one image to `z [B_out, height, width, 16]`.
  func transformOutput(_ target: MutableFloatPointer, _ image: Int, _ buffers: WinogradBuffers) {
    let rowFloats = geometry.outputWidth * lanes
    var block = 0
    while block < outputBlocks {
      let plane = target + block * geometry.outputHeight * rowFloats
      var ty = 0
      while ty < y.tiles {
        let points = y.points(ty)
        transformOutputRows(block, image, ty, points, buffers)
        let rows = OutputRows(
          plane + 4 * ty * rowFloats, rowFloats, y.length - 4 * ty, buffers.unused)
        if points == 6 {
          outputColumnsSix(buffers.strip, stripRow, rows, geometry.outputWidth)
        } else {
          outputColumnsFour(buffers.strip, stripRow, rows, geometry.outputWidth)
        }
        ty += 1
      }
      block += 1
    }
  }

  @inline(__always) private func transformOutputRows(
    _ block: Int, _ image: Int, _ ty: Int, _ points: Int, _ buffers: WinogradBuffers
  ) {
    let start = FloatPointer(buffers.m) + block * inputStep
    forEachPointRow(image, ty, points, position, buffers) { low, high, strip in
      outputRow(start + low, start + high, position, strip, x.fours, x.twos)
    }
  }

  /// `dz` to the rows of `M` of one image; `tileRows` gives the first of a tile's rows in a block,
  /// `rowFloats` apart, zero where they are covered but beyond the image.
  @inline(__always) func transformOutputGradient(
    _ image: Int, _ buffers: WinogradBuffers, rowFloats: Int,
    _ tileRows: (_ block: Int, _ ty: Int) -> FloatPointer
  ) {
    var block = 0
    while block < outputBlocks {
      var ty = 0
      while ty < y.tiles {
        let points = y.points(ty)
        let rows = tileRows(block, ty)
        if points == 6 {
          gradientColumnsSix(rows, rowFloats, buffers.strip, stripRow, x.covered)
        } else {
          gradientColumnsFour(rows, rowFloats, buffers.strip, stripRow, x.covered)
        }
        transformGradientRows(block, image, ty, points, buffers)
        ty += 1
      }
      block += 1
    }
  }

  @inline(__always) private func transformGradientRows(
    _ block: Int, _ image: Int, _ ty: Int, _ points: Int, _ buffers: WinogradBuffers
  ) {
    let start = buffers.m + block * inputStep
    forEachPointRow(image, ty, points, position, buffers) { low, high, strip in
      gradientRow(strip, start + low, start + high, position, x.fours, x.twos)
    }
  }
}

/// Four rows of a tile's outputs; those beyond the image go where nobody reads.
private struct OutputRows {
  let r0: MutableFloatPointer
  let r1: MutableFloatPointer
  let r2: MutableFloatPointer
  let r3: MutableFloatPointer

  @inline(__always) init(
    _ first: MutableFloatPointer, _ row: Int, _ present: Int, _ unused: MutableFloatPointer
  ) {
    r0 = first
    r1 = present > 1 ? first + row : unused
    r2 = present > 2 ? first + 2 * row : unused
    r3 = present > 3 ? first + 3 * row : unused
  }
}

@inline(never) private func outputRow(
  _ low: FloatPointer, _ high: FloatPointer, _ position: Int, _ strip: MutableFloatPointer,
  _ fours: Int, _ twos: Int
) {
  var q = strip
  var a = low
  var b = high
  var tile = 0
  while tile < fours {
    let m = loadFour(a, position)
    storeFour(q, lanes, outputs((m.0, m.1, m.2, m.3, load(b), load(b + position))))
    q += 4 * lanes
    a += lanes
    b += lanes
    tile += 1
  }
  if twos > 0 {
    let z = outputs(loadFour(a, position))
    store(q, z.0)
    store(q + lanes, z.1)
  }
}

@inline(never) private func outputColumnsSix(
  _ strip: FloatPointer, _ stripRow: Int, _ rows: borrowing OutputRows, _ columns: Int
) {
  let r0 = rows.r0
  let r1 = rows.r1
  let r2 = rows.r2
  let r3 = rows.r3
  forEachOffset(columns) { i in
    let z = outputs(loadSix(strip + i, stripRow))
    store(r0 + i, z.0)
    store(r1 + i, z.1)
    store(r2 + i, z.2)
    store(r3 + i, z.3)
  }
}

@inline(never) private func outputColumnsFour(
  _ strip: FloatPointer, _ stripRow: Int, _ rows: borrowing OutputRows, _ columns: Int
) {
  let r0 = rows.r0
  let r1 = rows.r1
  forEachOffset(columns) { i in
    let z = outputs(loadFour(strip + i, stripRow))
    store(r0 + i, z.0)
    store(r1 + i, z.1)
  }
}

@inline(never) private func gradientColumnsSix(
  _ source: FloatPointer, _ sourceRow: Int, _ strip: MutableFloatPointer, _ stripRow: Int,
  _ columns: Int
) {
  forEachColumn(source, strip, columns) { p, q in
    storeSix(q, stripRow, productGradients(loadFour(p, sourceRow)))
  }
}

@inline(never) private func gradientColumnsFour(
  _ source: FloatPointer, _ sourceRow: Int, _ strip: MutableFloatPointer, _ stripRow: Int,
  _ columns: Int
) {
  forEachColumn(source, strip, columns) { p, q in
    storeFour(q, stripRow, productGradients((load(p), load(p + sourceRow))))
  }
}

@inline(never) private func gradientRow(
  _ strip: FloatPointer, _ low: MutableFloatPointer, _ high: MutableFloatPointer,
  _ position: Int, _ fours: Int, _ twos: Int
) {
  storePoints(
    strip, low, high, position, fours, twos, six: { productGradients(loadFour($0, lanes)) },
    four: { productGradients((load($0), load($0 + lanes))) })
}
