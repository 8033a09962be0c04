// Gradients of a depthwise convolution: the weights' by taps, the inputs' by residues of the stride,
// each input once with all taps that meet it.
import PTrainKernelTypes

extension DepthwiseConvolution {
  static func backward(
    _ g: WindowGeometry, x: FloatPointer, dz: FloatPointer, weights: FloatPointer,
    accumulator: MutableFloatPointer, dx: MutableFloatPointer?
  ) {
    let frame = g.convolution(channels: g.blocks * lanes)
    let start = (frame.gradientTop * frame.gradientWidth + frame.gradientLeft) * lanes
    var block = 0
    while block < g.blocks {
      let gradient = dz + block * frame.gradientHeight * frame.gradientWidth * lanes + start
      let taps = block * g.taps * lanes
      correlate(
        g, x + block * g.paddedHeight * g.paddedWidth * lanes, gradient,
        gradientRow: frame.gradientWidth * lanes, accumulator + taps)
      if let dx {
        inputGradient(
          frame, gradient, weights + taps, dx + block * g.height * g.width * lanes)
      }
      block += 1
    }
  }

  // MARK: Weights

  /// `Σ x·dz` over all outputs for each tap: four chains, added pairwise.
  private static func correlate(
    _ g: WindowGeometry, _ x: FloatPointer, _ dz: FloatPointer, gradientRow: Int,
    _ result: MutableFloatPointer
  ) {
    let sum = TapSum(
      height: g.outputHeight, width: g.outputWidth,
      rowStep: g.verticalStride * g.paddedWidth * lanes, step: g.horizontalStride * lanes,
      gradientRow: gradientRow)
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

  /// Each residue of rows and columns meets taps of its own, in their order ever earlier outputs; `dz`
  /// has zeros where there is none.
  private static func inputGradient(
    _ g: ConvGeometry, _ dz: FloatPointer, _ weights: FloatPointer, _ dx: MutableFloatPointer
  ) {
    let (rows, columns) = (g.gradientRows, g.gradientColumns)
    let row = g.gradientWidth * lanes
    var residue = 0
    while residue < min(rows.stride, g.inputHeight) * min(columns.stride, g.inputWidth) {
      let y = residue / min(columns.stride, g.inputWidth)
      let x = residue % min(columns.stride, g.inputWidth)
      let sweep = WindowSweep(
        height: rows.inputCount(y), width: columns.inputCount(x), rows: rows.tapCount(y),
        taps: columns.tapCount(x), row: -row, tap: -lanes,
        weightRow: rows.stride * g.windowWidth * lanes, weightTap: columns.stride * lanes,
        down: row, across: lanes, resultDown: rows.stride * g.inputWidth * lanes,
        resultAcross: columns.stride * lanes)
      sweep.run(
        dz + rows.lastOutput(y) * row + columns.lastOutput(x) * lanes,
        weights + (rows.firstTap(y) * g.windowWidth + columns.firstTap(x)) * lanes,
        dx + (y * g.inputWidth + x) * lanes)
      residue += 1
    }
  }
}

/// The outputs that a tap's sum runs over; strides of the input and of the gradient's rows in floats.
private struct TapSum {
  let height: Int
  let width: Int
  let rowStep: Int
  let step: Int
  let gradientRow: Int

  @inline(never) func run<Taps: TapGroup>(
    _: Taps.Type, _ x: FloatPointer, _ dz: FloatPointer, _ result: MutableFloatPointer
  ) {
    var sums = Taps()
    var y = 0
    while y < height {
      var source = x + y * rowStep
      var gradient = dz + y * gradientRow
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
