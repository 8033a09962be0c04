// Gradient of a convolution's output: through BN, the pool's first extreme and the ReLU before.
// dz = [z > 0 if pre] · (gain·dy at its window's first extreme + k0 + k1·z)
import KernelTypes

/// The factors of one channel block.
struct BlockFactors {
  let gain: Lanes
  let k0: Lanes
  let k1: Lanes

  @inline(__always) init(_ factors: borrowing GradientFactors, _ block: Int) {
    gain = load(factors.gain + block * lanes)
    k0 = load(factors.k0 + block * lanes)
    k1 = load(factors.k1 + block * lanes)
  }
}

/// Where pixels of `z` stand, and where their gradients go; strides in floats.
struct GradientPlaces {
  var z: FloatPointer
  var zRow: Int
  var dz: MutableFloatPointer
  var dzRow: Int
  var dzPixel: Int

  @inline(__always) func at(row: Int, column: Int) -> GradientPlaces {
    var moved = self
    moved.z += row * zRow + column * lanes
    moved.dz += row * dzRow + column * dzPixel
    return moved
  }
}

enum OutputGradient {
  static func run(
    _ shape: ActivationShape, _ constants: ChannelConstants, _ factors: GradientFactors,
    _ geometry: ConvGeometry, z: FloatPointer, s: FloatPointer, dy: FloatPointer,
    dz: MutableFloatPointer, biasGradient: MutableFloatPointer
  ) {
    let row = geometry.gradientWidth * lanes
    let plane = geometry.gradientHeight * row
    clearAround(shape, geometry, dz)
    var block = 0
    while block < shape.blocks {
      let places = GradientPlaces(
        z: z + block * shape.height * shape.width * lanes, zRow: shape.width * lanes,
        dz: dz + block * plane + geometry.gradientOrigin * (row + lanes),
        dzRow: geometry.stride * row, dzPixel: geometry.stride * lanes)
      let pooled = block * shape.pooledHeight * shape.pooledWidth * lanes
      self.block(
        shape, BlockFactors(factors, block), relu: constants.reluBefore, places, s: s + pooled,
        dy: dy + pooled, biasGradient + block * lanes)
      block += 1
    }
  }

  /// Zeros where no output's gradient stands: the frame, and between the pixels of a strided one.
  private static func clearAround(
    _ shape: ActivationShape, _ geometry: ConvGeometry, _ dz: MutableFloatPointer
  ) {
    let width = geometry.gradientWidth
    let height = geometry.gradientHeight
    let origin = geometry.gradientOrigin
    if geometry.stride > 1 {
      clear(dz, geometry.outputGradientCount)
      return
    }
    var row = 0
    while row < shape.blocks * height {
      let y = row % height - origin
      let target = dz + row * width * lanes
      if y >= 0 && y < shape.height {
        clear(target, origin * lanes)
        let end = origin + shape.width
        clear(target + end * lanes, (width - end) * lanes)
      } else {
        clear(target, width * lanes)
      }
      row += 1
    }
  }

  @inline(__always) private static func block(
    _ shape: ActivationShape, _ factors: BlockFactors, relu: Bool, _ places: GradientPlaces,
    s: FloatPointer, dy: FloatPointer, _ biasGradient: MutableFloatPointer
  ) {
    let pooledRow = shape.pooledWidth * lanes
    var row = 0
    while row < shape.pooledHeight {
      let start = places.at(row: row * shape.window, column: 0)
      switch shape.window {
      case 1: denseRow(factors, start, dy + row * pooledRow, shape.width)
      case 2:
        windowRowOfFour(factors, start, s + row * pooledRow, dy + row * pooledRow, pooledRow)
      default:
        windowRow(
          factors, start, s + row * pooledRow, dy + row * pooledRow, shape.pooledWidth,
          shape.window)
      }
      row += 1
    }
    leftovers(shape, factors, places)
    var y = 0
    while y < shape.height {
      finishRow(places.at(row: y, column: 0), shape.width, biasGradient, relu)
      y += 1
    }
  }

  /// Window 1: every pixel has its own gradient.
  @inline(never) private static func denseRow(
    _ factors: BlockFactors, _ places: borrowing GradientPlaces, _ dy: FloatPointer, _ width: Int
  ) {
    let z = places.z
    let dz = places.dz
    let step = places.dzPixel
    var i = 0
    while i < width {
      let rest = multiplyAdd(factors.k1, load(z + i * lanes), factors.k0)
      store(dz + i * step, multiplyAdd(factors.gain, load(dy + i * lanes), rest))
      i += 1
    }
  }

  @inline(never) private static func windowRowOfFour(
    _ factors: BlockFactors, _ places: borrowing GradientPlaces, _ s: FloatPointer,
    _ dy: FloatPointer, _ count: Int
  ) {
    let zRow = places.zRow
    let dzRow = places.dzRow
    let step = places.dzPixel
    var z = places.z
    var dz = places.dz
    var i = 0
    while i < count {
      let extreme = load(s + i)
      var given = factors.gain * load(dy + i)
      let a = load(z)
      let b = load(z + lanes)
      let c = load(z + zRow)
      let d = load(z + zRow + lanes)
      store(dz, multiplyAdd(factors.k1, a, factors.k0 + take(&given, a .== extreme)))
      store(dz + step, multiplyAdd(factors.k1, b, factors.k0 + take(&given, b .== extreme)))
      store(dz + dzRow, multiplyAdd(factors.k1, c, factors.k0 + take(&given, c .== extreme)))
      store(
        dz + dzRow + step, multiplyAdd(factors.k1, d, factors.k0 + take(&given, d .== extreme)))
      z += 2 * lanes
      dz += 2 * step
      i += lanes
    }
  }

  /// What the pixel gets of the gradient that its window still has to give.
  @inline(__always) private static func take(
    _ given: inout Lanes, _ isExtreme: SIMDMask<SIMD16<Int32>>
  ) -> Lanes {
    let share = Lanes.zero.replacing(with: given, where: isExtreme)
    given = given.replacing(with: Lanes.zero, where: isExtreme)
    return share
  }

  @inline(never) private static func windowRow(
    _ factors: BlockFactors, _ places: borrowing GradientPlaces, _ s: FloatPointer,
    _ dy: FloatPointer, _ width: Int, _ window: Int
  ) {
    var i = 0
    while i < width {
      let extreme = load(s + i * lanes)
      var given = factors.gain * load(dy + i * lanes)
      var k = 0
      while k < window * window {
        let place = places.at(row: k / window, column: i * window + k % window)
        let z = load(place.z)
        store(place.dz, multiplyAdd(factors.k1, z, factors.k0 + take(&given, z .== extreme)))
        k += 1
      }
      i += 1
    }
  }

  /// Rows and columns that fill no window: statistics alone.
  @inline(__always) private static func leftovers(
    _ shape: ActivationShape, _ factors: BlockFactors, _ places: GradientPlaces
  ) {
    let coveredWidth = shape.pooledWidth * shape.window
    let coveredHeight = shape.pooledHeight * shape.window
    var y = 0
    while y < shape.height {
      let column = y < coveredHeight ? coveredWidth : 0
      if column < shape.width {
        statisticsRow(factors, places.at(row: y, column: column), shape.width - column)
      }
      y += 1
    }
  }

  @inline(never) private static func statisticsRow(
    _ factors: BlockFactors, _ places: borrowing GradientPlaces, _ width: Int
  ) {
    var i = 0
    while i < width {
      let z = load(places.z + i * lanes)
      store(places.dz + i * places.dzPixel, multiplyAdd(factors.k1, z, factors.k0))
      i += 1
    }
  }

  /// The ReLU's gate and the bias gradient of one row.
  @inline(__always) private static func finishRow(
    _ places: GradientPlaces, _ width: Int, _ biasGradient: MutableFloatPointer, _ relu: Bool
  ) {
    if relu {
      gateRow(places, width, biasGradient)
    } else {
      sumRow(places, width, biasGradient)
    }
  }

  @inline(never) private static func gateRow(
    _ places: borrowing GradientPlaces, _ width: Int, _ biasGradient: MutableFloatPointer
  ) {
    let z = places.z
    let dz = places.dz
    let step = places.dzPixel
    var sum = Lanes.zero
    var i = 0
    while i < width {
      let value = keepWherePositive(load(dz + i * step), load(z + i * lanes))
      store(dz + i * step, value)
      sum += value
      i += 1
    }
    store(biasGradient, load(biasGradient) + sum)
  }

  @inline(never) private static func sumRow(
    _ places: borrowing GradientPlaces, _ width: Int, _ biasGradient: MutableFloatPointer
  ) {
    var sum = Lanes.zero
    var i = 0
    while i < width {
      sum += load(places.dz + i * places.dzPixel)
      i += 1
    }
    store(biasGradient, load(biasGradient) + sum)
  }
}
