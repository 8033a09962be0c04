// Depthwise convolutions: each channel has a window of its own, so that nothing is shared but the pass
// over memory. Sums run over taps (forward) or pixels (gradient) in one order on every instruction set.
import PTrainKernelTypes

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
    let windows = WindowSteps(
      rows: height, row: row, taps: width, tap: lanes, neighbour: step, weightRow: width * lanes,
      weightTap: lanes, result: lanes)
    var i = 0
    while i < count {
      // The last four overlap their neighbours, where there are four: the same bits twice.
      let start = count >= 4 ? min(i, count - 4) : i
      let source = x + start * step
      if count >= 4 {
        windows.four(source, weights, z + start * lanes)
        i += 4
      } else {
        one(source, row, weights, height, width, z + start * lanes)
        i += 1
      }
    }
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

/// Windows of a channel block side by side; strides in floats.
struct WindowSteps {
  /// Rows of a window, and where the next one lies.
  let rows: Int
  let row: Int
  /// Taps of a row, and where the next one lies.
  let taps: Int
  let tap: Int
  /// Where the next window's first tap lies.
  let neighbour: Int
  /// Where the weights of the next row and of the next tap stand.
  let weightRow: Int
  let weightTap: Int
  /// Where the next window's sum goes.
  let result: Int

  /// The sums of four windows over their taps in order.
  @inline(__always) func four(
    _ x: FloatPointer, _ weights: FloatPointer, _ z: MutableFloatPointer
  ) {
    var a = Lanes.zero
    var b = Lanes.zero
    var c = Lanes.zero
    var d = Lanes.zero
    var y = 0
    while y < rows {
      var source = x + y * row
      var weight = weights + y * weightRow
      var k = 0
      while k < taps {
        let w = load(weight)
        a = multiplyAdd(w, load(source), a)
        b = multiplyAdd(w, load(source + neighbour), b)
        c = multiplyAdd(w, load(source + 2 * neighbour), c)
        d = multiplyAdd(w, load(source + 3 * neighbour), d)
        weight += weightTap
        source += tap
        k += 1
      }
      y += 1
    }
    store(z, a)
    store(z + result, b)
    store(z + 2 * result, c)
    store(z + 3 * result, d)
  }
}
