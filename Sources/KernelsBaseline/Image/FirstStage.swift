// The first block in one pass: convolution of a plane, bias, ReLU, batch sums and 2x2 pool.
// Two rows of outputs at a time live in the L1 cache; the full-size activation is never stored, and
// backward computes it again, bit for bit.
import PTrainKernelTypes

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
  @inline(__always) private var second: Int { plan.outputRow }

  func forward(s: MutableFloatPointer, moments: MutableFloatPointer?) {
    var block = 0
    while block < plan.blocks {
      let scale = constants.scale + block * lanes
      let mixed = anyNegative(scale)
      clear(sums, 3 * lanes)
      var ty = 0
      while ty < plan.windowRows {
        let pooled = s + (block * plan.windowRows + ty) * plan.windows * lanes
        outputs(block, ty)
        // The pivot: an output in the middle of the first row.
        if ty == 0 { store(sums, load(rows + plan.windows * lanes)) }
        maximumAndSums(rows, second, pooled, sums, plan.windows)
        if mixed { Pool.extremeOfFour(rows, second, pooled, plan.windows, scale) }
        ty += 1
      }
      if let moments { PivotSums(sums).moments(count: pixels).join(to: moments, block) }
      block += 1
    }
    if let moments { Moments.count(pixels, in: moments) }
  }

  /// Of the full-size activation.
  private var pixels: Int { 4 * plan.windowRows * plan.windows }

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

  @inline(__always) private func differentiate(
    _ factors: GradientFactors, _ block: Int, _ dy: FloatPointer
  ) {
    let factors = BlockFactors(factors, block)
    let places = GradientPlaces(z: rows, zRow: second, dz: rows, dzRow: second)
    if constants.reluBefore {
      gatedWindows(places, peaks: peaks, dy, factors, plan.windows)
    } else {
      plainWindows(places, peaks: peaks, dy, factors, plan.windows)
    }
  }
}

/// `pooled` = maxima of 2x2 windows; the windows' values join `sums`, the `PivotSums` in memory.
@inline(never) private func maximumAndSums(
  _ rows: FloatPointer, _ second: Int, _ pooled: MutableFloatPointer,
  _ sums: MutableFloatPointer, _ count: Int
) {
  let pivot = load(sums)
  var total = ProductSums()
  var p = rows
  var i = 0
  while i < count {
    let a = load(p)
    let b = load(p + lanes)
    let c = load(p + second)
    let d = load(p + second + lanes)
    let (e, f, g, h) = (a - pivot, b - pivot, c - pivot, d - pivot)
    total.addEven(e, e)
    total.addOdd(f, f)
    total.addEven(g, g)
    total.addOdd(h, h)
    store(pooled + i * lanes, larger(larger(larger(a, b), c), d))
    p += 2 * lanes
    i += 1
  }
  total.add(to: sums + lanes)
}
