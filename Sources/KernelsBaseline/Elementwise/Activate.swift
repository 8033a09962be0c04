// Bias, ReLU and batch statistics behind a convolution, and the pool that follows.
// Small bodies on purpose: larger ones defeat the vectoriser.
import PTrainKernelTypes

enum Activate {
  static func run(
    _ shape: ActivationShape, _ constants: ChannelConstants, z: MutableFloatPointer,
    moments: MutableFloatPointer?
  ) {
    let pixels = shape.height * shape.width
    var block = 0
    while block < shape.blocks {
      let target = z + block * pixels * lanes
      if let bias = constants.bias {
        if constants.reluBefore {
          biasRelu(target, bias + block * lanes, pixels)
        } else {
          addBias(target, bias + block * lanes, pixels)
        }
      } else if constants.reluBefore {
        reluOnly(target, pixels)
      }
      if let moments { join(target, pixels, to: moments, block) }
      block += 1
    }
    if let moments { Moments.count(pixels, in: moments) }
  }

  @inline(never) private static func biasRelu(
    _ z: MutableFloatPointer, _ bias: FloatPointer, _ pixels: Int
  ) {
    let bias = load(bias)
    var i = 0
    while i < pixels * lanes {
      store(z + i, relu(load(z + i) + bias))
      i += lanes
    }
  }

  @inline(never) private static func addBias(
    _ z: MutableFloatPointer, _ bias: FloatPointer, _ pixels: Int
  ) {
    let bias = load(bias)
    var i = 0
    while i < pixels * lanes {
      store(z + i, load(z + i) + bias)
      i += lanes
    }
  }

  @inline(never) private static func reluOnly(_ z: MutableFloatPointer, _ pixels: Int) {
    var i = 0
    while i < pixels * lanes {
      store(z + i, relu(load(z + i)))
      i += lanes
    }
  }

  @inline(never) private static func join(
    _ z: FloatPointer, _ pixels: Int, to moments: MutableFloatPointer, _ block: Int
  ) {
    var sums = PivotSums(pivot: load(z + pixels / 2 * lanes))
    var i = 0
    while i < pixels {
      let end = i + PivotSums.chunk < pixels ? i + PivotSums.chunk : pixels
      sums.add(chunk(z, i, end, sums.pivot))
      i = end
    }
    sums.moments(count: pixels).join(to: moments, block)
  }

  @inline(__always) private static func chunk(
    _ z: FloatPointer, _ first: Int, _ end: Int, _ pivot: Lanes
  ) -> ProductSums {
    var sums = ProductSums()
    var i = first
    while i + 2 <= end {
      let a = load(z + i * lanes) - pivot
      let b = load(z + (i + 1) * lanes) - pivot
      sums.addEven(a, a)
      sums.addOdd(b, b)
      i += 2
    }
    if i < end {
      let a = load(z + i * lanes) - pivot
      sums.addEven(a, a)
    }
    return sums
  }
}

/// Pixels of a window one after the other, as the contract has it for a NaN.
enum Pool {
  static func run(
    _ shape: ActivationShape, _ constants: ChannelConstants, z: FloatPointer,
    s: MutableFloatPointer
  ) {
    let plane = shape.height * shape.width * lanes
    let pooledRow = shape.pooledWidth * lanes
    var block = 0
    while block < shape.blocks {
      let scale = constants.scale + block * lanes
      let mixed = anyNegative(scale)
      var row = 0
      while row < shape.pooledHeight {
        let source = z + block * plane + row * shape.window * shape.width * lanes
        let target = s + (block * shape.pooledHeight + row) * pooledRow
        pooledRowOf(source, target, shape, scale, mixed)
        row += 1
      }
      block += 1
    }
  }

  @inline(__always) private static func pooledRowOf(
    _ source: FloatPointer, _ target: MutableFloatPointer, _ shape: ActivationShape,
    _ scale: FloatPointer, _ mixed: Bool
  ) {
    let rowStride = shape.width * lanes
    switch (shape.window, mixed) {
    case (2, false): maximumOfFour(source, rowStride, target, shape.pooledWidth)
    case (2, true): extremeOfFour(source, rowStride, target, shape.pooledWidth, scale)
    default: extreme(source, rowStride, target, shape.pooledWidth, shape.window, scale)
    }
  }

  @inline(never) static func maximumOfFour(
    _ z: FloatPointer, _ row: Int, _ s: MutableFloatPointer, _ width: Int
  ) {
    var source = z
    var i = 0
    while i < width * lanes {
      let top = larger(load(source), load(source + lanes))
      store(s + i, larger(larger(top, load(source + row)), load(source + row + lanes)))
      source += 2 * lanes
      i += lanes
    }
  }

  @inline(never) static func extremeOfFour(
    _ z: FloatPointer, _ row: Int, _ s: MutableFloatPointer, _ width: Int, _ scale: FloatPointer
  ) {
    let negative = negativeMask(load(scale))
    var source = z
    var i = 0
    while i < width * lanes {
      let a = load(source)
      let b = load(source + lanes)
      let c = load(source + row)
      let d = load(source + row + lanes)
      let high = larger(larger(larger(a, b), c), d)
      let low = smaller(smaller(smaller(a, b), c), d)
      store(s + i, select(negative, low, high))
      source += 2 * lanes
      i += lanes
    }
  }

  @inline(never) private static func extreme(
    _ z: FloatPointer, _ row: Int, _ s: MutableFloatPointer, _ width: Int, _ window: Int,
    _ scale: FloatPointer
  ) {
    let negative = negativeMask(load(scale))
    var source = z
    var i = 0
    while i < width * lanes {
      var high = load(source)
      var low = high
      var k = 1
      while k < window * window {
        let value = load(source + k / window * row + k % window * lanes)
        high = larger(high, value)
        low = smaller(low, value)
        k += 1
      }
      store(s + i, select(negative, low, high))
      source += window * lanes
      i += lanes
    }
  }
}
