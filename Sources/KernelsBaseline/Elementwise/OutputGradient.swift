// Gradient of a convolution's output: through BN, the pool's first extreme and the ReLU before.
// dz = [z > 0 if pre] · (gain·dy at its window's first extreme + k0 + k1·z)
import PTrainKernelTypes

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
        dz: dz + block * plane + geometry.gradientTop * row + geometry.gradientLeft * lanes,
        dzRow: row)
      let pooled = block * shape.pooledHeight * shape.pooledWidth * lanes
      self.block(
        shape, BlockFactors(factors, block), relu: constants.reluBefore, places, s: s + pooled,
        dy: dy + pooled, biasGradient + block * lanes)
      block += 1
    }
  }

  /// Zeros in the frame.
  private static func clearAround(
    _ shape: ActivationShape, _ geometry: ConvGeometry, _ dz: MutableFloatPointer
  ) {
    let width = geometry.gradientWidth
    let height = geometry.gradientHeight
    let top = geometry.gradientTop
    let left = geometry.gradientLeft
    var row = 0
    while row < shape.blocks * height {
      let y = row % height - top
      let target = dz + row * width * lanes
      if y >= 0 && y < shape.height {
        clear(target, left * lanes)
        let end = left + shape.width
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
    rows(
      shape, factors, relu: relu, places, s: s, dy: dy, biasGradient, count: shape.pooledHeight)
    if shape.window > 1 { leftovers(shape, factors, places, biasGradient, relu: relu) }
  }

  /// `count` rows of windows from `places`, `s` and `dy` on.
  @inline(__always) static func rows(
    _ shape: ActivationShape, _ factors: BlockFactors, relu: Bool, _ places: GradientPlaces,
    s: FloatPointer, dy: FloatPointer, _ biasGradient: MutableFloatPointer, count: Int
  ) {
    let pooledRow = shape.pooledWidth * lanes
    var row = 0
    while row < count {
      let start = places.at(row: row * shape.window, column: 0)
      let s = s + row * pooledRow
      let dy = dy + row * pooledRow
      switch (shape.window, relu) {
      case (1, true): denseGatedRow(factors, start, dy, shape.width, biasGradient)
      case (1, false): densePlainRow(factors, start, dy, shape.width, biasGradient)
      case (2, _):
        if relu {
          gatedWindows(start, peaks: s, dy, factors, shape.pooledWidth)
        } else {
          plainWindows(start, peaks: s, dy, factors, shape.pooledWidth)
        }
        // Summing in the same body would defeat the vectoriser.
        sumRow(start, 2 * shape.pooledWidth, biasGradient)
        sumRow(start.at(row: 1, column: 0), 2 * shape.pooledWidth, biasGradient)
      default:
        windowRow(factors, start, s, dy, shape.pooledWidth, shape.window)
        finish(
          start, shape.window, shape.pooledWidth * shape.window, biasGradient, relu: relu)
      }
      row += 1
    }
  }

  /// Window 1: every pixel has its own gradient; its gate and sum in the same pass.
  @inline(never) private static func denseGatedRow(
    _ factors: BlockFactors, _ places: borrowing GradientPlaces, _ dy: FloatPointer,
    _ width: Int, _ biasGradient: MutableFloatPointer
  ) {
    denseRow(factors, places, dy, width, biasGradient) { keepWherePositive($0, $1) }
  }

  @inline(never) private static func densePlainRow(
    _ factors: BlockFactors, _ places: borrowing GradientPlaces, _ dy: FloatPointer,
    _ width: Int, _ biasGradient: MutableFloatPointer
  ) {
    denseRow(factors, places, dy, width, biasGradient) { dz, _ in dz }
  }

  @inline(__always) private static func denseRow(
    _ factors: BlockFactors, _ places: borrowing GradientPlaces, _ dy: FloatPointer,
    _ width: Int, _ biasGradient: MutableFloatPointer, _ gate: (_ dz: Lanes, _ z: Lanes) -> Lanes
  ) {
    let source = places.z
    let dz = places.dz
    var sum = Lanes.zero
    var i = 0
    while i < width {
      let z = load(source + i * lanes)
      let rest = multiplyAdd(factors.k1, z, factors.k0)
      let value = gate(multiplyAdd(factors.gain, load(dy + i * lanes), rest), z)
      store(dz + i * lanes, value)
      sum += value
      i += 1
    }
    store(biasGradient, load(biasGradient) + sum)
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
    _ shape: ActivationShape, _ factors: BlockFactors, _ places: GradientPlaces,
    _ biasGradient: MutableFloatPointer, relu: Bool
  ) {
    let coveredWidth = shape.pooledWidth * shape.window
    let coveredHeight = shape.pooledHeight * shape.window
    var y = 0
    while y < shape.height {
      let column = y < coveredHeight ? coveredWidth : 0
      if column < shape.width {
        let start = places.at(row: y, column: column)
        statisticsRow(factors, start, shape.width - column)
        finish(start, 1, shape.width - column, biasGradient, relu: relu)
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
      store(places.dz + i * lanes, multiplyAdd(factors.k1, z, factors.k0))
      i += 1
    }
  }

  /// The ReLU's gate and the bias gradient of some rows.
  @inline(__always) private static func finish(
    _ places: GradientPlaces, _ rows: Int, _ width: Int, _ biasGradient: MutableFloatPointer,
    relu: Bool
  ) {
    var y = 0
    while y < rows {
      let row = places.at(row: y, column: 0)
      if relu { gateRow(row, width, biasGradient) } else { sumRow(row, width, biasGradient) }
      y += 1
    }
  }

  @inline(never) private static func gateRow(
    _ places: borrowing GradientPlaces, _ width: Int, _ biasGradient: MutableFloatPointer
  ) {
    let z = places.z
    let dz = places.dz
    var sum = Lanes.zero
    var i = 0
    while i < width {
      let value = keepWherePositive(load(dz + i * lanes), load(z + i * lanes))
      store(dz + i * lanes, value)
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
      sum += load(places.dz + i * lanes)
      i += 1
    }
    store(biasGradient, load(biasGradient) + sum)
  }
}
