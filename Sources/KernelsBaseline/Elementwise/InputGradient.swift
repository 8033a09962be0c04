// The gradient that a reader hands back: through its mask and the activation, with the sums that the
// norm's gradient needs. The first reader of a value overwrites, the others add.
import PTrainKernelTypes

enum InputGradient {
  static func run(
    _ shape: ActivationShape, _ constants: ChannelConstants, s: FloatPointer,
    mask: FloatPointer?, dx: FloatPointer, dy: MutableFloatPointer, sums: MutableFloatPointer,
    accumulates: Bool
  ) {
    let pixels = shape.pooledHeight * shape.pooledWidth
    var block = 0
    while block < shape.blocks {
      let offset = block * pixels * lanes
      let blockSums = sums + block * 2 * lanes
      if !accumulates {
        self.block(
          constants, block, pixels, s + offset, mask: mask.map { $0 + offset }, dx + offset,
          dy + offset, blockSums)
      } else if let mask {
        gate(
          constants, block, pixels, s + offset,
          MaskedGradient(dx: dx + offset, mask: mask + offset), dy + offset, blockSums,
          accumulates: true)
      } else {
        gate(
          constants, block, pixels, s + offset, PlainGradient(dx: dx + offset), dy + offset,
          blockSums, accumulates: true)
      }
      block += 1
    }
  }

  /// Masks and gates one block of `dx` into `dy`, which may be `dx`, and sums it.
  @inline(__always) static func block(
    _ constants: ChannelConstants, _ block: Int, _ pixels: Int, _ s: FloatPointer,
    mask: FloatPointer?, _ dx: FloatPointer, _ dy: MutableFloatPointer,
    _ sums: MutableFloatPointer
  ) {
    var source = dx
    if let mask {
      multiply(dx, mask, dy, pixels)
      source = FloatPointer(dy)
    }
    switch constants.after.kind {
    case .identity: plainSums(source, s, constants.mean + block * lanes, dy, pixels, sums)
    case .relu: gatedSums(source, s, constants, block, dy, pixels, sums)
    default:
      gate(
        constants, block, pixels, s, PlainGradient(dx: source), dy, sums, accumulates: false)
    }
  }

  /// Any function's gate on one block: overwrites `dy` or adds to it; `sums` take what it makes alone.
  @inline(never) static func gate<Gradient: IncomingGradient>(
    _ constants: ChannelConstants, _ block: Int, _ pixels: Int, _ s: FloatPointer,
    _ gradient: Gradient, _ dy: MutableFloatPointer, _ sums: MutableFloatPointer,
    accumulates: Bool
  ) {
    withFunction(
      constants.after,
      GatedLoop(
        map: AffineMap(constants, block), mean: constants.mean + block * lanes, s: s,
        gradient: gradient, dy: dy, pixels: pixels, sums: sums, accumulates: accumulates))
  }

  private struct GatedLoop<Gradient: IncomingGradient>: FunctionLoop {
    let map: AffineMap
    let mean: FloatPointer
    let s: FloatPointer
    let gradient: Gradient
    let dy: MutableFloatPointer
    let pixels: Int
    let sums: MutableFloatPointer
    let accumulates: Bool

    @inline(__always) func run<F: ElementFunction>(_ function: F) {
      let mean = load(mean)
      var total = ProductSums()
      var i = 0
      while i < pixels {
        let value = load(s + i * lanes)
        let a = function.gated(gradient.at(i), map(value))
        store(dy + i * lanes, accumulates ? load(dy + i * lanes) + a : a)
        if i % 2 == 0 { total.addEven(a, value - mean) } else { total.addOdd(a, value - mean) }
        i += 1
      }
      total.add(to: sums)
    }
  }

  @inline(never) private static func multiply(
    _ dx: FloatPointer, _ mask: FloatPointer, _ dy: MutableFloatPointer, _ pixels: Int
  ) {
    var i = 0
    while i < pixels * lanes {
      store(dy + i, load(dx + i) * load(mask + i))
      i += lanes
    }
  }

  @inline(never) private static func plainSums(
    _ dx: FloatPointer, _ s: FloatPointer, _ mean: FloatPointer, _ dy: MutableFloatPointer,
    _ pixels: Int, _ sums: MutableFloatPointer
  ) {
    let mean = load(mean)
    var total = ProductSums()
    let end = pixels * lanes
    var i = 0
    while i + 2 * lanes <= end {
      let a = load(dx + i)
      let b = load(dx + i + lanes)
      store(dy + i, a)
      store(dy + i + lanes, b)
      total.addEven(a, load(s + i) - mean)
      total.addOdd(b, load(s + i + lanes) - mean)
      i += 2 * lanes
    }
    if i < end {
      let a = load(dx + i)
      store(dy + i, a)
      total.addEven(a, load(s + i) - mean)
    }
    total.add(to: sums)
  }

  @inline(never) private static func gatedSums(
    _ dx: FloatPointer, _ s: FloatPointer, _ constants: ChannelConstants, _ block: Int,
    _ dy: MutableFloatPointer, _ pixels: Int, _ sums: MutableFloatPointer
  ) {
    let scale = load(constants.scale + block * lanes)
    let shift = load(constants.shift + block * lanes)
    let mean = load(constants.mean + block * lanes)
    var total = ProductSums()
    let end = pixels * lanes
    var i = 0
    while i + 2 * lanes <= end {
      let x = load(s + i)
      let y = load(s + i + lanes)
      let a = keepWherePositive(load(dx + i), multiplyAdd(scale, x, shift))
      let b = keepWherePositive(load(dx + i + lanes), multiplyAdd(scale, y, shift))
      store(dy + i, a)
      store(dy + i + lanes, b)
      total.addEven(a, x - mean)
      total.addOdd(b, y - mean)
      i += 2 * lanes
    }
    if i < end {
      let x = load(s + i)
      let a = keepWherePositive(load(dx + i), multiplyAdd(scale, x, shift))
      store(dy + i, a)
      total.addEven(a, x - mean)
    }
    total.add(to: sums)
  }
}

/// What a reader hands back at a pixel.
protocol IncomingGradient {
  func at(_ pixel: Int) -> Lanes
}

struct PlainGradient: IncomingGradient {
  let dx: FloatPointer

  @inline(__always) func at(_ pixel: Int) -> Lanes { load(dx + pixel * lanes) }
}

struct MaskedGradient: IncomingGradient {
  let dx: FloatPointer
  let mask: FloatPointer

  @inline(__always) func at(_ pixel: Int) -> Lanes {
    load(dx + pixel * lanes) * load(mask + pixel * lanes)
  }
}

/// The same at every pixel.
struct EvenGradient: IncomingGradient {
  let value: Lanes

  @inline(__always) func at(_ pixel: Int) -> Lanes { value }
}
