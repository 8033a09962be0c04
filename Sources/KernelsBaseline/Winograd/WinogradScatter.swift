// dx = B dV Bᵀ: gradients of the products back to the image.
// Neighbouring tiles overlap by two pixels: along x in registers, along y in two carried rows.
import PTrainKernelTypes

extension WinogradPlan {
  /// The rows of `V` of one image, now gradients, to `dx [B_in, height, width, 16]`; overwrites.
  func scatterInputGradient(
    _ target: MutableFloatPointer, _ image: Int, _ buffers: WinogradBuffers
  ) {
    let rowFloats = geometry.inputWidth * lanes
    let columns = geometry.inputWidth
    var block = 0
    while block < inputBlocks {
      let plane = target + block * geometry.inputHeight * rowFloats
      clear(buffers.carry, 2 * stripRow)
      var ty = 0
      while ty < y.tiles {
        let points = y.points(ty)
        scatterRows(block, image, ty, points, buffers)
        // Row 0 of the padded image is the halo; the strip's column 0 too.
        let first = 4 * ty - 1
        let row0 = place(plane, first, rowFloats, buffers)
        let row1 = place(plane, first + 1, rowFloats, buffers)
        let strip = FloatPointer(buffers.strip) + lanes
        if points == 6 {
          scatterColumnsSix(
            strip, stripRow, row0, row1, place(plane, first + 2, rowFloats, buffers),
            place(plane, first + 3, rowFloats, buffers), buffers.carry, columns)
        } else {
          scatterColumnsFour(strip, stripRow, row0, row1, buffers.carry, columns)
        }
        ty += 1
      }
      if y.covered == y.length {
        (plane + (y.length - 1) * rowFloats).update(
          from: FloatPointer(buffers.carry), count: rowFloats)
      }
      block += 1
    }
  }

  /// Row `index` of a plane, or a row that nobody reads.
  @inline(__always) private func place(
    _ plane: MutableFloatPointer, _ index: Int, _ row: Int, _ buffers: WinogradBuffers
  ) -> MutableFloatPointer {
    index >= 0 && index < y.length ? plane + index * row : buffers.unused
  }

  @inline(__always) private func scatterRows(
    _ block: Int, _ image: Int, _ ty: Int, _ points: Int, _ buffers: WinogradBuffers
  ) {
    let start = FloatPointer(buffers.v) + block * inputStep
    forEachPointRow(image, ty, points, position, buffers) { low, high, strip in
      scatterRow(start + low, start + high, position, strip, x.fours, x.twos)
    }
  }
}

@inline(never) private func scatterRow(
  _ low: FloatPointer, _ high: FloatPointer, _ position: Int, _ strip: MutableFloatPointer,
  _ fours: Int, _ twos: Int
) {
  var q = strip
  var a = low
  var b = high
  var carry0 = Lanes.zero
  var carry1 = Lanes.zero
  var tile = 0
  while tile < fours {
    let v = loadFour(a, position)
    let d = inputGradients((v.0, v.1, v.2, v.3, load(b), load(b + position)))
    storeFour(q, lanes, (d.0 + carry0, d.1 + carry1, d.2, d.3))
    carry0 = d.4
    carry1 = d.5
    q += 4 * lanes
    a += lanes
    b += lanes
    tile += 1
  }
  if twos > 0 {
    let d = inputGradients(loadFour(a, position))
    storeFour(q, lanes, (d.0 + carry0, d.1 + carry1, d.2, d.3))
  } else {
    store(q, carry0)
    store(q + lanes, carry1)
  }
}

/// Four finished rows, and two for the next tile; `carry [2, columns, 16]`.
@inline(never) private func scatterColumnsSix(
  _ strip: FloatPointer, _ stripRow: Int, _ r0: MutableFloatPointer, _ r1: MutableFloatPointer,
  _ r2: MutableFloatPointer, _ r3: MutableFloatPointer, _ carry: MutableFloatPointer,
  _ columns: Int
) {
  let second = carry + columns * lanes
  forEachOffset(columns) { i in
    let d = inputGradients(loadSix(strip + i, stripRow))
    store(r0 + i, d.0 + load(carry + i))
    store(r1 + i, d.1 + load(second + i))
    store(r2 + i, d.2)
    store(r3 + i, d.3)
    store(carry + i, d.4)
    store(second + i, d.5)
  }
}

@inline(never) private func scatterColumnsFour(
  _ strip: FloatPointer, _ stripRow: Int, _ r0: MutableFloatPointer, _ r1: MutableFloatPointer,
  _ carry: MutableFloatPointer, _ columns: Int
) {
  let second = carry + columns * lanes
  forEachOffset(columns) { i in
    let d = inputGradients(loadFour(strip + i, stripRow))
    store(r0 + i, d.0 + load(carry + i))
    store(r1 + i, d.1 + load(second + i))
    store(carry + i, d.2)
    store(second + i, d.3)
  }
}
