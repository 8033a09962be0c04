// What a consumer reads of a unit, and the gradient it sends back: BN's affine map, the ReLU behind
// it, dropout, the global average.
import KernelTypes

/// `post(scale·s + shift)` of one channel block.
struct AffineMap {
  let scale: Lanes
  let shift: Lanes

  @inline(__always) init(_ constants: borrowing ChannelConstants, _ block: Int) {
    scale = load(constants.scale + block * lanes)
    shift = load(constants.shift + block * lanes)
  }

  @inline(__always) func callAsFunction(_ s: Lanes) -> Lanes { multiplyAdd(scale, s, shift) }
}

enum PrepareInput {
  static func run(
    _ shape: ActivationShape, _ constants: ChannelConstants, s: FloatPointer,
    mask: FloatPointer?, padding: Int, x: MutableFloatPointer
  ) {
    // Without a border between them, all rows are one.
    let height = padding == 0 ? 1 : shape.pooledHeight
    let width = padding == 0 ? shape.pooledHeight * shape.pooledWidth : shape.pooledWidth
    let paddedRow = (width + 2 * padding) * lanes
    let border = padding * lanes
    var target = x
    var index = 0
    let next = Upcoming(start: s + shape.pooledCount, count: shape.pooledCount)
    let rows = shape.blocks * height
    var block = 0
    while block < shape.blocks {
      let map = AffineMap(constants, block)
      clear(target, padding * paddedRow)
      target += padding * paddedRow
      var y = 0
      while y < height {
        next.fetch(part: block * height + y, of: rows)
        clear(target, border)
        if constants.reluAfter {
          affineReluRow(map, s + index, target + border, width)
        } else {
          affineRow(map, s + index, target + border, width)
        }
        if let mask { multiplyRow(target + border, mask + index, width) }
        clear(target + border + width * lanes, border)
        target += paddedRow
        index += width * lanes
        y += 1
      }
      clear(target, padding * paddedRow)
      target += padding * paddedRow
      block += 1
    }
  }

  @inline(__always) private static func affineRow(
    _ map: AffineMap, _ s: FloatPointer, _ x: MutableFloatPointer, _ width: Int
  ) {
    var i = 0
    while i < width * lanes {
      store(x + i, map(load(s + i)))
      i += lanes
    }
  }

  @inline(__always) private static func affineReluRow(
    _ map: AffineMap, _ s: FloatPointer, _ x: MutableFloatPointer, _ width: Int
  ) {
    var i = 0
    while i < width * lanes {
      store(x + i, relu(map(load(s + i))))
      i += lanes
    }
  }

  @inline(__always) private static func multiplyRow(
    _ x: MutableFloatPointer, _ mask: FloatPointer, _ width: Int
  ) {
    var i = 0
    while i < width * lanes {
      store(x + i, load(x + i) * load(mask + i))
      i += lanes
    }
  }
}

enum AveragePool {
  static func run(
    _ shape: ActivationShape, _ constants: ChannelConstants, s: FloatPointer,
    means: MutableFloatPointer, blockStride: Int
  ) {
    let pixels = shape.pooledHeight * shape.pooledWidth
    let factor = Lanes(repeating: 1 / Float(pixels))
    var block = 0
    while block < shape.blocks {
      let map = AffineMap(constants, block)
      let source = s + block * pixels * lanes
      let sum = constants.reluAfter ? reluSum(map, source, pixels) : plainSum(map, source, pixels)
      store(means + block * blockStride, sum * factor)
      block += 1
    }
  }

  @inline(__always) private static func plainSum(
    _ map: AffineMap, _ s: FloatPointer, _ pixels: Int
  ) -> Lanes {
    var sum = Lanes.zero
    var i = 0
    while i < pixels * lanes {
      sum += map(load(s + i))
      i += lanes
    }
    return sum
  }

  @inline(__always) private static func reluSum(
    _ map: AffineMap, _ s: FloatPointer, _ pixels: Int
  ) -> Lanes {
    var sum = Lanes.zero
    var i = 0
    while i < pixels * lanes {
      sum += relu(map(load(s + i)))
      i += lanes
    }
    return sum
  }

  /// `dy` of every pixel from the gradient of the mean; `sums` as in `InputGradient`.
  static func gradient(
    _ shape: ActivationShape, _ constants: ChannelConstants, s: FloatPointer,
    dMeans: FloatPointer, blockStride: Int, dy: MutableFloatPointer, sums: MutableFloatPointer
  ) {
    let pixels = shape.pooledHeight * shape.pooledWidth
    let factor = Lanes(repeating: 1 / Float(pixels))
    var block = 0
    while block < shape.blocks {
      let value = load(dMeans + block * blockStride) * factor
      let target = dy + block * pixels * lanes
      var i = 0
      while i < pixels * lanes {
        store(target + i, value)
        i += lanes
      }
      InputGradient.block(
        constants, block, pixels, s + block * pixels * lanes, mask: nil, target, target,
        sums + block * 2 * lanes)
      block += 1
    }
  }
}

enum InputGradient {
  static func run(
    _ shape: ActivationShape, _ constants: ChannelConstants, s: FloatPointer,
    mask: FloatPointer?, dx: FloatPointer, dy: MutableFloatPointer, sums: MutableFloatPointer
  ) {
    let pixels = shape.pooledHeight * shape.pooledWidth
    var block = 0
    while block < shape.blocks {
      let offset = block * pixels * lanes
      self.block(
        constants, block, pixels, s + offset, mask: mask.map { $0 + offset }, dx + offset,
        dy + offset, sums + block * 2 * lanes)
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
    if constants.reluAfter {
      let (scale, shift) = (constants.scale + block * lanes, constants.shift + block * lanes)
      gatedMoments(source, s, scale, shift, dy, pixels, sums)
    } else {
      plainMoments(source, s, dy, pixels, sums)
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

  @inline(never) private static func plainMoments(
    _ dx: FloatPointer, _ s: FloatPointer, _ dy: MutableFloatPointer, _ pixels: Int,
    _ sums: MutableFloatPointer
  ) {
    var moments = Moments()
    let end = pixels * lanes
    var i = 0
    while i + 2 * lanes <= end {
      let a = load(dx + i)
      let b = load(dx + i + lanes)
      store(dy + i, a)
      store(dy + i + lanes, b)
      moments.addEven(a, load(s + i))
      moments.addOdd(b, load(s + i + lanes))
      i += 2 * lanes
    }
    if i < end {
      let a = load(dx + i)
      store(dy + i, a)
      moments.addEven(a, load(s + i))
    }
    moments.add(to: sums)
  }

  @inline(never) private static func gatedMoments(
    _ dx: FloatPointer, _ s: FloatPointer, _ scale: FloatPointer, _ shift: FloatPointer,
    _ dy: MutableFloatPointer, _ pixels: Int, _ sums: MutableFloatPointer
  ) {
    let scale = load(scale)
    let shift = load(shift)
    var moments = Moments()
    let end = pixels * lanes
    var i = 0
    while i + 2 * lanes <= end {
      let x = load(s + i)
      let y = load(s + i + lanes)
      let a = keepWherePositive(load(dx + i), multiplyAdd(scale, x, shift))
      let b = keepWherePositive(load(dx + i + lanes), multiplyAdd(scale, y, shift))
      store(dy + i, a)
      store(dy + i + lanes, b)
      moments.addEven(a, x)
      moments.addOdd(b, y)
      i += 2 * lanes
    }
    if i < end {
      let x = load(s + i)
      let a = keepWherePositive(load(dx + i), multiplyAdd(scale, x, shift))
      store(dy + i, a)
      moments.addEven(a, x)
    }
    moments.add(to: sums)
  }
}
