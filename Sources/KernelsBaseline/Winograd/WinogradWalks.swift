// Ways through a strip that the transforms of images, of products and of gradients have in common.
import PTrainKernelTypes

extension WinogradPlan {
  /// Each row of points of a tile: floats from a block's start to the row's points 0 and 4, which are
  /// `position` floats apart, and its row of the strip.
  @inline(__always) func forEachPointRow(
    _ image: Int, _ ty: Int, _ points: Int, _ position: Int, _ buffers: WinogradBuffers,
    _ body: (_ low: Int, _ high: Int, _ strip: MutableFloatPointer) -> Void
  ) {
    var i = 0
    while i < points {
      body(
        6 * i * position + row(i, 0, image, ty) * lanes,
        (6 * i + 4) * position + row(i, 4, image, ty) * lanes, buffers.strip + i * stripRow)
      i += 1
    }
  }
}

/// Each of `columns` columns: where it is read, and where it is written.
@inline(__always) func forEachColumn(
  _ source: FloatPointer, _ target: MutableFloatPointer, _ columns: Int,
  _ body: (FloatPointer, MutableFloatPointer) -> Void
) {
  var p = source
  var q = target
  var i = 0
  while i < columns {
    body(p, q)
    p += lanes
    q += lanes
    i += 1
  }
}

/// Each of `columns` columns, as floats from the first.
@inline(__always) func forEachOffset(_ columns: Int, _ body: (Int) -> Void) {
  var i = 0
  while i < columns * lanes {
    body(i)
    i += lanes
  }
}

/// One strip row: points 0...3 of every tile to `low`, 4 and 5 of the tiles of 4 to `high`.
@inline(__always) func storePoints(
  _ strip: FloatPointer, _ low: MutableFloatPointer, _ high: MutableFloatPointer,
  _ position: Int, _ fours: Int, _ twos: Int, six: (FloatPointer) -> Six,
  four: (FloatPointer) -> Four
) {
  var q = strip
  var a = low
  var b = high
  var tile = 0
  while tile < fours {
    let v = six(q)
    storeFour(a, position, (v.0, v.1, v.2, v.3))
    store(b, v.4)
    store(b + position, v.5)
    q += 4 * lanes
    a += lanes
    b += lanes
    tile += 1
  }
  if twos > 0 { storeFour(a, position, four(q)) }
}
