// The first block in one pass: convolution of a plane, bias, ReLU, batch sums and 2x2 pool.
// Two rows of outputs at a time live in the L1 cache; the full-size activation is never stored, and
// backward computes it again, bit for bit.
import KernelTypes

struct FirstStage {
  let plan: PlanePlan
  let constants: ChannelConstants
  let table: FloatPointer
  /// `[block, 16, 16]`
  let transformedWeights: FloatPointer
  /// `[17, 16]`
  let sums: MutableFloatPointer
  /// `[2, width, 16]`
  let rows: MutableFloatPointer
  /// `[windows, 16]`
  let peaks: MutableFloatPointer

  static func applies(_ g: ConvGeometry, _ shape: ActivationShape) -> Bool {
    PlanePlan.applies(to: g) && shape.window == 2
  }

  init(
    _ g: ConvGeometry, _ constants: ChannelConstants, x: FloatPointer, weights: FloatPointer,
    scratch: MutableFloatPointer
  ) {
    plan = PlanePlan(g)
    self.constants = constants
    table = FloatPointer(scratch)
    transformedWeights = weights + DirectConvolution.forwardColumn(g) * plan.blocks
    sums = scratch + plan.tableCount
    rows = sums + 17 * lanes
    peaks = rows + plan.rowPair
    plan.transform(x, scratch)
  }

  /// Floats from the first row of outputs to the second.
  @inline(__always) private var second: Int { plan.geometry.outputWidth * lanes }

  func forward(s: MutableFloatPointer, sums target: MutableFloatPointer?) {
    var block = 0
    while block < plan.blocks {
      let scale = constants.scale + block * lanes
      let mixed = anyNegative(scale)
      clear(sums, 2 * lanes)
      var ty = 0
      while ty < plan.windowRows {
        let pooled = s + (block * plan.windowRows + ty) * plan.windows * lanes
        outputs(block, ty)
        maximumAndMoments(rows, second, pooled, sums, plan.windows)
        if mixed { Pool.extremeOfFour(rows, second, pooled, plan.windows, scale) }
        ty += 1
      }
      if let target { add(sums, to: target + block * 2 * lanes) }
      block += 1
    }
  }

  func backward(
    _ factors: GradientFactors, dy: FloatPointer, accumulator: MutableFloatPointer,
    biasGradient: MutableFloatPointer
  ) {
    var block = 0
    while block < plan.blocks {
      let scale = constants.scale + block * lanes
      let mixed = anyNegative(scale)
      clear(sums, 17 * lanes)
      var ty = 0
      while ty < plan.windowRows {
        outputs(block, ty)
        if mixed {
          Pool.extremeOfFour(rows, second, peaks, plan.windows, scale)
        } else {
          Pool.maximumOfFour(rows, second, peaks, plan.windows)
        }
        differentiate(
          factors, block, dy + (block * plan.windowRows + ty) * plan.windows * lanes)
        plan.sumRows(ty, rows, second, table, sums)
        ty += 1
      }
      PlanePlan.addGradient(sums, to: accumulator + block * lanes * lanes)
      let bias = biasGradient + block * lanes
      store(bias, load(bias) + load(sums + 16 * lanes))
      block += 1
    }
  }

  /// `pre(z + bias)` of two rows of one block.
  @inline(__always) private func outputs(_ block: Int, _ ty: Int) {
    plan.outputRows(
      ty, transformedWeights + block * lanes * lanes, constants.bias.map { $0 + block * lanes },
      relu: constants.reluBefore, table, rows)
  }

  @inline(__always) private func add(_ sums: FloatPointer, to target: MutableFloatPointer) {
    store(target, load(target) + load(sums))
    store(target + lanes, load(target + lanes) + load(sums + lanes))
  }

  @inline(__always) private func differentiate(
    _ factors: GradientFactors, _ block: Int, _ dy: FloatPointer
  ) {
    let factors = BlockFactors(factors, block)
    if constants.reluBefore {
      gatedGradients(rows, second, peaks, dy, factors, plan.windows)
    } else {
      plainGradients(rows, second, peaks, dy, factors, plan.windows)
    }
  }
}

/// `pooled` = maxima of 2x2 windows; `sums [2, 16] += (Σz, Σz²)`.
@inline(never) private func maximumAndMoments(
  _ rows: FloatPointer, _ second: Int, _ pooled: MutableFloatPointer,
  _ sums: MutableFloatPointer, _ count: Int
) {
  var moments = Moments()
  var p = rows
  var i = 0
  while i < count {
    let a = load(p)
    let b = load(p + lanes)
    let c = load(p + second)
    let d = load(p + second + lanes)
    moments.addEven(a, a)
    moments.addOdd(b, b)
    moments.addEven(c, c)
    moments.addOdd(d, d)
    store(pooled + i * lanes, larger(larger(a, b), larger(c, d)))
    p += 2 * lanes
    i += 1
  }
  moments.add(to: sums)
}

/// `k0 + k1·z`, plus `gain·dy` at the first pixel of the window that equals its peak.
@inline(__always) private func windowGradients(
  _ z: Four, _ peak: Lanes, _ dy: Lanes, _ factors: BlockFactors
) -> Four {
  let k0 = factors.k0
  let given = multiplyAdd(factors.gain, dy, k0)
  let isFirst = z.0 .== peak
  let isSecond = z.1 .== peak
  let isThird = z.2 .== peak
  let c0 = k0.replacing(with: given, where: isFirst)
  let rest0 = given.replacing(with: k0, where: isFirst)
  let c1 = k0.replacing(with: rest0, where: isSecond)
  let rest1 = rest0.replacing(with: k0, where: isSecond)
  let c2 = k0.replacing(with: rest1, where: isThird)
  let c3 = rest1.replacing(with: k0, where: isThird)
  return (
    multiplyAdd(factors.k1, z.0, c0), multiplyAdd(factors.k1, z.1, c1),
    multiplyAdd(factors.k1, z.2, c2), multiplyAdd(factors.k1, z.3, c3)
  )
}

/// Two rows of `z`, replaced by their gradients.
@inline(never) private func plainGradients(
  _ rows: MutableFloatPointer, _ second: Int, _ peaks: FloatPointer, _ dy: FloatPointer,
  _ factors: BlockFactors, _ count: Int
) {
  var p = rows
  var i = 0
  while i < count * lanes {
    let z = (load(p), load(p + lanes), load(p + second), load(p + second + lanes))
    let dz = windowGradients(z, load(peaks + i), load(dy + i), factors)
    store(p, dz.0)
    store(p + lanes, dz.1)
    store(p + second, dz.2)
    store(p + second + lanes, dz.3)
    p += 2 * lanes
    i += lanes
  }
}

/// The same for a `z` behind a ReLU: zero where it is not positive.
@inline(never) private func gatedGradients(
  _ rows: MutableFloatPointer, _ second: Int, _ peaks: FloatPointer, _ dy: FloatPointer,
  _ factors: BlockFactors, _ count: Int
) {
  var p = rows
  var i = 0
  while i < count * lanes {
    let z = (load(p), load(p + lanes), load(p + second), load(p + second + lanes))
    let dz = windowGradients(z, load(peaks + i), load(dy + i), factors)
    store(p, keepWherePositive(dz.0, z.0))
    store(p + lanes, keepWherePositive(dz.1, z.1))
    store(p + second, keepWherePositive(dz.2, z.2))
    store(p + second + lanes, keepWherePositive(dz.3, z.3))
    p += 2 * lanes
    i += lanes
  }
}
