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
    let outputRow = g.outputWidth * lanes
    var y = 0
    while y < g.blocks * g.outputHeight {
      let block = y / g.outputHeight
      let top = block * g.paddedHeight + y % g.outputHeight * g.verticalStride
      forwardRow(
        x + top * row, row, weights + block * g.taps * lanes, g.windowHeight, g.windowWidth,
        g.horizontalStride * lanes, z + y * outputRow, g.outputWidth)
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

  // MARK: Gradients

  static func backward(
    _ g: WindowGeometry, x: FloatPointer, dz: FloatPointer, weights: FloatPointer,
    accumulator: MutableFloatPointer, dx: MutableFloatPointer?
  ) {
    if let dx { clear(dx, g.inputCount) }
    var index = 0
    while index < g.blocks * g.taps {
      let (block, tap) = (index / g.taps, index % g.taps)
      let (ky, kx) = (tap / g.windowWidth, tap % g.windowWidth)
      let gradient = dz + block * g.outputHeight * g.outputWidth * lanes
      let source = x + ((block * g.paddedHeight + ky) * g.paddedWidth + kx) * lanes
      correlate(g, source, gradient, accumulator + index * lanes)
      if let dx {
        scatter(
          g, ky, kx, gradient, weights + index * lanes, dx + block * g.height * g.width * lanes)
      }
      index += 1
    }
  }

  /// One tap's `Σ x·dz` over all outputs: four chains, added pairwise.
  @inline(never) private static func correlate(
    _ g: borrowing WindowGeometry, _ x: FloatPointer, _ dz: FloatPointer,
    _ result: MutableFloatPointer
  ) {
    let width = g.outputWidth
    let rowStep = g.verticalStride * g.paddedWidth * lanes
    let step = g.horizontalStride * lanes
    var a = Lanes.zero
    var b = Lanes.zero
    var c = Lanes.zero
    var d = Lanes.zero
    var y = 0
    while y < g.outputHeight {
      var source = x + y * rowStep
      var gradient = dz + y * width * lanes
      var i = 0
      while i + 4 <= width {
        a = multiplyAdd(load(source), load(gradient), a)
        b = multiplyAdd(load(source + step), load(gradient + lanes), b)
        c = multiplyAdd(load(source + 2 * step), load(gradient + 2 * lanes), c)
        d = multiplyAdd(load(source + 3 * step), load(gradient + 3 * lanes), d)
        source += 4 * step
        gradient += 4 * lanes
        i += 4
      }
      while i < width {
        a = multiplyAdd(load(source), load(gradient), a)
        source += step
        gradient += lanes
        i += 1
      }
      y += 1
    }
    store(result, load(result) + ((a + b) + (c + d)))
  }

  /// Adds one tap's part of the input gradient, where its input lies inside the image.
  @inline(never) private static func scatter(
    _ g: borrowing WindowGeometry, _ ky: Int, _ kx: Int, _ dz: FloatPointer,
    _ weight: FloatPointer, _ dx: MutableFloatPointer
  ) {
    let w = load(weight)
    let height = g.height
    let step = g.horizontalStride * lanes
    let first = max(0, ceilingDivide(g.padding.left - kx, g.horizontalStride))
    let reach = g.width - 1 + g.padding.left - kx
    let end = reach < 0 ? 0 : min(g.outputWidth, reach / g.horizontalStride + 1)
    var y = 0
    while y < g.outputHeight {
      let row = y * g.verticalStride + ky - g.padding.top
      if row >= 0 && row < height {
        var target =
          dx + (row * g.width + first * g.horizontalStride + kx - g.padding.left) * lanes
        var gradient = dz + (y * g.outputWidth + first) * lanes
        var i = first
        while i < end {
          store(target, multiplyAdd(w, load(gradient), load(target)))
          target += step
          gradient += lanes
          i += 1
        }
      }
      y += 1
    }
  }
}
