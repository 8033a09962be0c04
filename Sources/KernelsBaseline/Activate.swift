// Bias, ReLU and batch sums behind a convolution, and the pool that follows.
// Small bodies on purpose: larger ones defeat the vectoriser.
import KernelTypes

/// Sums of a channel block and of its squares (or products), two chains each for the latency: even
/// pixels and odd pixels, added at the end.
struct Moments {
  var even = Lanes.zero
  var odd = Lanes.zero
  var evenProducts = Lanes.zero
  var oddProducts = Lanes.zero

  @inline(__always) mutating func addEven(_ a: Lanes, _ b: Lanes) {
    even += a
    evenProducts = multiplyAdd(a, b, evenProducts)
  }

  @inline(__always) mutating func addOdd(_ a: Lanes, _ b: Lanes) {
    odd += a
    oddProducts = multiplyAdd(a, b, oddProducts)
  }

  /// `sums [2, 16] +=`.
  @inline(__always) func add(to sums: MutableFloatPointer) {
    store(sums, load(sums) + (even + odd))
    store(sums + lanes, load(sums + lanes) + (evenProducts + oddProducts))
  }
}

enum Activate {
  static func run(
    _ shape: ActivationShape, _ constants: ChannelConstants, z: MutableFloatPointer,
    sums: MutableFloatPointer?
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
      if let sums { momentsOf(target, pixels, sums + block * 2 * lanes) }
      block += 1
    }
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

  @inline(never) private static func momentsOf(
    _ z: FloatPointer, _ pixels: Int, _ sums: MutableFloatPointer
  ) {
    var moments = Moments()
    var i = 0
    while i + 2 <= pixels {
      let a = load(z + i * lanes)
      let b = load(z + (i + 1) * lanes)
      moments.addEven(a, a)
      moments.addOdd(b, b)
      i += 2
    }
    if i < pixels {
      let a = load(z + i * lanes)
      moments.addEven(a, a)
    }
    moments.add(to: sums)
  }
}

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
      let bottom = larger(load(source + row), load(source + row + lanes))
      store(s + i, larger(top, bottom))
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
      let high = larger(larger(a, b), larger(c, d))
      let low = smaller(smaller(a, b), smaller(c, d))
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
