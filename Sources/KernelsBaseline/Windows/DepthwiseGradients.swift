// Gradients of a depthwise convolution: the weights' by taps, the inputs' by rows of one residue of the
// stride, each input once with all taps that meet it.
import PTrainKernelTypes

extension DepthwiseConvolution {
  static func backward(
    _ g: WindowGeometry, x: FloatPointer, dz: FloatPointer, weights: FloatPointer,
    accumulator: MutableFloatPointer, dx: MutableFloatPointer?
  ) {
    let (height, width) = (g.outputHeight, g.outputWidth)
    var block = 0
    while block < g.blocks {
      let gradient = dz + block * height * width * lanes
      let taps = block * g.taps * lanes
      correlate(
        g, x + block * g.paddedHeight * g.paddedWidth * lanes, gradient, accumulator + taps)
      if let dx {
        inputGradient(
          g, gradient, weights + taps, dx + block * g.height * g.width * lanes)
      }
      block += 1
    }
  }

  // MARK: Weights

  /// `Σ x·dz` over all outputs for each tap: four chains, added pairwise.
  private static func correlate(
    _ g: WindowGeometry, _ x: FloatPointer, _ dz: FloatPointer, _ result: MutableFloatPointer
  ) {
    let sum = TapSum(
      height: g.outputHeight, width: g.outputWidth,
      rowStep: g.verticalStride * g.paddedWidth * lanes, step: g.horizontalStride * lanes)
    var ky = 0
    while ky < g.windowHeight {
      let row = x + ky * g.paddedWidth * lanes
      let target = result + ky * g.windowWidth * lanes
      var kx = 0
      #if KERNELS_AVX512
        while kx + 3 <= g.windowWidth {
          sum.run(ThreeTaps.self, row + kx * lanes, dz, target + kx * lanes)
          kx += 3
        }
      #endif
      while kx < g.windowWidth {
        sum.run(OneTap.self, row + kx * lanes, dz, target + kx * lanes)
        kx += 1
      }
      ky += 1
    }
  }

  // MARK: Inputs

  private static func inputGradient(
    _ g: WindowGeometry, _ dz: FloatPointer, _ weights: FloatPointer, _ dx: MutableFloatPointer
  ) {
    let (height, width) = (g.outputHeight, g.outputWidth)
    let stride = g.verticalStride
    var y = 0
    while y < g.height {
      // Rows of the window whose outputs exist, `stride` apart.
      let place = y + g.padding.top
      let earliest = max(0, place - (height - 1) * stride)
      let first = earliest + (place - earliest) % stride
      let count =
        first <= place && first < g.windowHeight
        ? (min(place, g.windowHeight - 1) - first) / stride + 1 : 0
      var x = 0
      while x < min(g.horizontalStride, g.width) {
        let columns = GradientColumns(g, residue: x, outputs: width)
        columns.run(
          dz + (count > 0 ? (place - first) / stride * width : 0) * lanes,
          weights + (first * g.windowWidth + columns.firstTap) * lanes, rows: count,
          weightRow: stride * g.windowWidth * lanes, dx + (y * g.width + x) * lanes)
        x += 1
      }
      y += 1
    }
  }
}

/// The outputs that a tap's sum runs over; strides of the input in floats.
private struct TapSum {
  let height: Int
  let width: Int
  let rowStep: Int
  let step: Int

  @inline(never) func run<Taps: TapGroup>(
    _: Taps.Type, _ x: FloatPointer, _ dz: FloatPointer, _ result: MutableFloatPointer
  ) {
    var sums = Taps()
    var y = 0
    while y < height {
      var source = x + y * rowStep
      var gradient = dz + y * width * lanes
      var i = 0
      while i + 4 <= width {
        sums.add(
          source, step, load(gradient), load(gradient + lanes), load(gradient + 2 * lanes),
          load(gradient + 3 * lanes))
        source += 4 * step
        gradient += 4 * lanes
        i += 4
      }
      while i < width {
        sums.add(source, load(gradient))
        source += step
        gradient += lanes
        i += 1
      }
      y += 1
    }
    sums.join(result)
  }
}

/// Sums of taps side by side, which share the gradients that are loaded.
private protocol TapGroup {
  init()
  /// Four outputs, `step` floats apart in the input.
  mutating func add(
    _ x: FloatPointer, _ step: Int, _ first: Lanes, _ second: Lanes, _ third: Lanes,
    _ fourth: Lanes)
  mutating func add(_ x: FloatPointer, _ gradient: Lanes)
  /// Adds the sums to `result`, 16 floats a tap.
  func join(_ result: MutableFloatPointer)
}

/// Four chains over the columns; what is left of a row joins the first.
private struct OneTap: TapGroup {
  var a = Lanes.zero
  var b = Lanes.zero
  var c = Lanes.zero
  var d = Lanes.zero

  @inline(__always) init() {}

  @inline(__always) mutating func add(
    _ x: FloatPointer, _ step: Int, _ first: Lanes, _ second: Lanes, _ third: Lanes,
    _ fourth: Lanes
  ) {
    a = multiplyAdd(load(x), first, a)
    b = multiplyAdd(load(x + step), second, b)
    c = multiplyAdd(load(x + 2 * step), third, c)
    d = multiplyAdd(load(x + 3 * step), fourth, d)
  }

  @inline(__always) mutating func add(_ x: FloatPointer, _ gradient: Lanes) {
    a = multiplyAdd(load(x), gradient, a)
  }

  @inline(__always) func join(_ result: MutableFloatPointer) {
    store(result, load(result) + ((a + b) + (c + d)))
  }
}

private struct ThreeTaps: TapGroup {
  var left = OneTap()
  var middle = OneTap()
  var right = OneTap()

  @inline(__always) init() {}

  @inline(__always) mutating func add(
    _ x: FloatPointer, _ step: Int, _ first: Lanes, _ second: Lanes, _ third: Lanes,
    _ fourth: Lanes
  ) {
    left.add(x, step, first, second, third, fourth)
    middle.add(x + lanes, step, first, second, third, fourth)
    right.add(x + 2 * lanes, step, first, second, third, fourth)
  }

  @inline(__always) mutating func add(_ x: FloatPointer, _ gradient: Lanes) {
    left.add(x, gradient)
    middle.add(x + lanes, gradient)
    right.add(x + 2 * lanes, gradient)
  }

  @inline(__always) func join(_ result: MutableFloatPointer) {
    left.join(result)
    middle.join(result + lanes)
    right.join(result + 2 * lanes)
  }
}

/// The inputs of a row that are `stride` apart, with the taps that meet them.
private struct GradientColumns {
  /// The first tap and the number of taps, `stride` apart.
  let firstTap: Int
  let tapCount: Int
  let stride: Int
  /// Inputs.
  let count: Int
  /// The output that the first tap meets at the first input.
  let firstOutput: Int
  let outputs: Int

  @inline(__always) init(_ g: borrowing WindowGeometry, residue: Int, outputs: Int) {
    stride = g.horizontalStride
    let place = residue + g.padding.left
    firstTap = place % stride
    tapCount =
      firstTap < g.windowWidth ? (g.windowWidth - 1 - firstTap) / stride + 1 : 0
    count = (g.width - 1 - residue) / stride + 1
    firstOutput = (place - firstTap) / stride
    self.outputs = outputs
  }

  /// `rows` rows of the window: each takes an earlier row of outputs than the one before.
  @inline(never) func run(
    _ dz: FloatPointer, _ weights: FloatPointer, rows: Int, weightRow: Int,
    _ dx: MutableFloatPointer
  ) {
    // Inputs all of whose taps meet an output; the last tap meets the earliest.
    let inner = max(0, tapCount - 1 - firstOutput)
    let end = min(count, outputs - firstOutput)
    // Taps meet ever earlier outputs, from the right to the left and from below upwards.
    let windows = WindowSteps(
      rows: rows, row: -outputs * lanes, taps: tapCount, tap: -lanes, neighbour: lanes,
      weightRow: weightRow, weightTap: stride * lanes, result: stride * lanes)
    var i = 0
    while i < count {
      let isInner = i >= inner && i < end
      if isInner && i + 4 <= end {
        windows.four(dz + (i + firstOutput) * lanes, weights, dx + i * stride * lanes)
        i += 4
      } else {
        one(i, dz, weights, rows, weightRow, dx + i * stride * lanes)
        i += 1
      }
    }
  }

  @inline(__always) private func one(
    _ index: Int, _ dz: FloatPointer, _ weights: FloatPointer, _ rows: Int, _ weightRow: Int,
    _ dx: MutableFloatPointer
  ) {
    var sum = Lanes.zero
    var row = 0
    while row < rows {
      var tap = 0
      while tap < tapCount {
        let output = index + firstOutput - tap
        if output >= 0 && output < outputs {
          let gradient = load(dz + (output - row * outputs) * lanes)
          sum = multiplyAdd(load(weights + row * weightRow + tap * stride * lanes), gradient, sum)
        }
        tap += 1
      }
      row += 1
    }
    store(dx, sum)
  }
}
