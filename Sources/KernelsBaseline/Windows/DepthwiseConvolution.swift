// Depthwise convolutions: each channel has a window of its own, so that nothing is shared but the pass
// over memory. Sums run over taps (forward) or pixels (gradient) in one order on every instruction set.
import KernelTypes

/// Packed weights and their gradient are `[blocks, taps, 16]`.
enum DepthwiseConvolution {
  static func pack(
    _ g: WindowGeometry, channels: Int, block: Int, weights: FloatPointer,
    packed: MutableFloatPointer
  ) {
    let taps = g.taps
    let target = packed + block * taps * lanes
    let count = min(lanes, channels - block * lanes)
    clear(target, taps * lanes)
    var i = 0
    while i < count * taps {
      target[i % taps * lanes + i / taps] = weights[block * lanes * taps + i]
      i += 1
    }
  }

  static func unpack(
    _ g: WindowGeometry, channels: Int, block: Int, gradient: FloatPointer,
    result: MutableFloatPointer
  ) {
    let taps = g.taps
    let source = gradient + block * taps * lanes
    let count = min(lanes, channels - block * lanes)
    var i = 0
    while i < count * taps {
      result[block * lanes * taps + i] = source[i % taps * lanes + i / taps]
      i += 1
    }
  }

  static func forward(
    _ g: WindowGeometry, x: FloatPointer, weights: FloatPointer, z: MutableFloatPointer
  ) {
    let row = g.paddedWidth * lanes
    let (height, width) = (g.outputHeight, g.outputWidth)
    var y = 0
    while y < g.blocks * height {
      let block = y / height
      let top = block * g.paddedHeight + y % height * g.verticalStride
      forwardRow(
        x + top * row, row, weights + block * g.taps * lanes, g.windowHeight, g.windowWidth,
        g.horizontalStride * lanes, z + y * width * lanes, width)
      y += 1
    }
  }

  /// Four outputs at a time: a weight is loaded once for them.
  @inline(never) private static func forwardRow(
    _ x: FloatPointer, _ row: Int, _ weights: FloatPointer, _ height: Int, _ width: Int,
    _ step: Int, _ z: MutableFloatPointer, _ count: Int
  ) {
    var i = 0
    while i < count {
      // The last four overlap their neighbours, where there are four: the same bits twice.
      let start = count >= 4 ? min(i, count - 4) : i
      let source = x + start * step
      if count >= 4 {
        four(source, row, weights, height, width, step, z + start * lanes)
        i += 4
      } else {
        one(source, row, weights, height, width, z + start * lanes)
        i += 1
      }
    }
  }

  @inline(__always) private static func four(
    _ x: FloatPointer, _ row: Int, _ weights: FloatPointer, _ height: Int, _ width: Int,
    _ step: Int, _ z: MutableFloatPointer
  ) {
    var a = Lanes.zero
    var b = Lanes.zero
    var c = Lanes.zero
    var d = Lanes.zero
    var weight = weights
    var ky = 0
    while ky < height {
      var source = x + ky * row
      var kx = 0
      while kx < width {
        let w = load(weight)
        a = multiplyAdd(w, load(source), a)
        b = multiplyAdd(w, load(source + step), b)
        c = multiplyAdd(w, load(source + 2 * step), c)
        d = multiplyAdd(w, load(source + 3 * step), d)
        weight += lanes
        source += lanes
        kx += 1
      }
      ky += 1
    }
    store(z, a)
    store(z + lanes, b)
    store(z + 2 * lanes, c)
    store(z + 3 * lanes, d)
  }

  @inline(__always) private static func one(
    _ x: FloatPointer, _ row: Int, _ weights: FloatPointer, _ height: Int, _ width: Int,
    _ z: MutableFloatPointer
  ) {
    var sum = Lanes.zero
    var tap = 0
    while tap < height * width {
      let source = x + tap / width * row + tap % width * lanes
      sum = multiplyAdd(load(weights + tap * lanes), load(source), sum)
      tap += 1
    }
    store(z, sum)
  }
}
