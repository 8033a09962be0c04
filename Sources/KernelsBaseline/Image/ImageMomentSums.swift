// Sums of products of an image's pixels with their neighbours, from which the statistics of any 3x3
// convolution follow. The plane is read as one flat array: products beyond a row's end meet the halo.
import PTrainKernelTypes

enum ImageMomentSums {
  /// `scratch` holds one edge between zeros.
  static func run(
    _ g: ConvGeometry, x: FloatPointer, sums: MutableFloatPointer, scratch: MutableFloatPointer
  ) {
    let row = g.paddedWidth
    let first = x + row
    var dy = 0
    while dy < 3 {
      let target = sums + ImageMoments.lags + dy * ImageMoments.group
      let count = (g.inputHeight - dy) * row
      lagSums(first, first + dy * row, ceilingDivide(max(count, 0), lanes), target)
      dy += 1
    }
    let (height, width) = (g.inputHeight, g.inputWidth)
    let corner = first + 1
    let below = corner + (height - 1) * row
    let target = sums + ImageMoments.edges
    edge(corner, 1, width, scratch, target)
    edge(below, 1, width, scratch, target + ImageMoments.group)
    edge(corner, row, height, scratch, target + 2 * ImageMoments.group)
    edge(corner + width - 1, row, height, scratch, target + 3 * ImageMoments.group)
    let corners = sums + ImageMoments.corners
    addCorner(corner[0], corners)
    addCorner(corner[width - 1], corners + 1)
    addCorner(below[0], corners + 2)
    addCorner(below[width - 1], corners + 3)
    sums[ImageMoments.images] += 1
  }

  @inline(__always) private static func addCorner(
    _ pixel: Float, _ corner: MutableFloatPointer
  ) {
    corner[0] += pixel
    corner[4] = multiplyAdd(pixel, pixel, corner[4])
  }

  /// The group of `count` pixels `step` floats apart.
  @inline(__always) private static func edge(
    _ pixels: FloatPointer, _ step: Int, _ count: Int, _ buffer: MutableFloatPointer,
    _ group: MutableFloatPointer
  ) {
    let vectors = ceilingDivide(count, lanes)
    clear(buffer, (vectors + 2) * lanes)
    let values = buffer + lanes
    var i = 0
    while i < count {
      values[i] = pixels[i * step]
      i += 1
    }
    lagSums(values, values, vectors, group)
  }
}

/// `group += Σ p[i]·q[i - 2] ... Σ p[i]·q[i + 2], Σ p[i]` over whole vectors.
@inline(never) private func lagSums(
  _ p: FloatPointer, _ q: FloatPointer, _ vectors: Int, _ group: MutableFloatPointer
) {
  var a = Lanes.zero
  var b = Lanes.zero
  var c = Lanes.zero
  var d = Lanes.zero
  var e = Lanes.zero
  var total = Lanes.zero
  var i = 0
  while i < vectors * lanes {
    let value = loadUnaligned(p + i)
    a = multiplyAdd(value, loadUnaligned(q + i - 2), a)
    b = multiplyAdd(value, loadUnaligned(q + i - 1), b)
    c = multiplyAdd(value, loadUnaligned(q + i), c)
    d = multiplyAdd(value, loadUnaligned(q + i + 1), d)
    e = multiplyAdd(value, loadUnaligned(q + i + 2), e)
    total += value
    i += lanes
  }
  group[0] += laneSum(a)
  group[1] += laneSum(b)
  group[2] += laneSum(c)
  group[3] += laneSum(d)
  group[4] += laneSum(e)
  group[5] += laneSum(total)
}
