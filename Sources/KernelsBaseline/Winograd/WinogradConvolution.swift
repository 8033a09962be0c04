// Forward and backward of a 3x3 convolution through the Winograd domain.
// Backward makes V again (cheaper than keeping it), sums dU = Vᵀ·dM and overwrites V with dM·Uᵀ.
import PTrainKernelTypes

/// Errors against a direct convolution in Double, relative to the largest entry: below 1e-5 for
/// outputs, input and weight gradients of 64 channels (direct: 1e-6).
enum WinogradConvolution {
  static func forward(
    _ g: ConvGeometry, imageCount: Int, x: FloatPointer, weights: FloatPointer,
    z: MutableFloatPointer, scratch: MutableFloatPointer
  ) {
    let plan = WinogradPlan(g, images: imageCount)
    let buffers = WinogradBuffers.forward(plan, scratch)
    var image = 0
    while image < imageCount {
      plan.transformInput(x + image * g.inputCount, image, buffers)
      image += 1
    }
    multiplyForward(
      plan, weights, buffers, Upcoming(start: FloatPointer(z), count: imageCount * g.outputCount))
    image = 0
    while image < imageCount {
      plan.transformOutput(z + image * g.outputCount, image, buffers)
      image += 1
    }
  }

  static func backward(
    _ g: ConvGeometry, imageCount: Int, leaves: CallLeaves, x: FloatPointer, dz: FloatPointer,
    weights: FloatPointer?, accumulator: MutableFloatPointer, dx: MutableFloatPointer?,
    scratch: MutableFloatPointer
  ) {
    backward(
      g, imageCount: imageCount, leaves: leaves, x: x, StoredGradients(geometry: g, dz: dz),
      weights: weights, accumulator: accumulator, dx: dx, scratch: scratch)
  }

  /// The same with `dz` made strip by strip, so that it never leaves the L1 cache.
  static func backward(
    _ g: ConvGeometry, imageCount: Int, leaves: CallLeaves, x: FloatPointer,
    strips: GradientStrips, weights: FloatPointer?, accumulator: MutableFloatPointer,
    dx: MutableFloatPointer?, scratch: MutableFloatPointer
  ) {
    backward(
      g, imageCount: imageCount, leaves: leaves, x: x, strips, weights: weights,
      accumulator: accumulator, dx: dx, scratch: scratch)
  }

  @inline(__always) private static func backward<Gradients: WinogradGradients>(
    _ g: ConvGeometry, imageCount: Int, leaves: CallLeaves, x: FloatPointer,
    _ gradients: Gradients, weights: FloatPointer?, accumulator: MutableFloatPointer,
    dx: MutableFloatPointer?, scratch: MutableFloatPointer
  ) {
    let plan = WinogradPlan(g, images: imageCount)
    let buffers = WinogradBuffers.backward(plan, scratch)
    var image = 0
    while image < imageCount {
      plan.transformInput(x + image * g.inputCount, image, buffers)
      gradients.transform(plan, image, buffers)
      image += 1
    }
    multiplyBackward(plan, leaves, dx == nil ? nil : weights, accumulator, buffers, gradients)
    guard let dx, weights != nil else { return }
    image = 0
    while image < imageCount {
      plan.scatterInputGradient(dx + image * g.inputGradientCount, image, buffers)
      image += 1
    }
  }

  /// `M = V · U` at every position.
  private static func multiplyForward(
    _ plan: WinogradPlan, _ weights: FloatPointer, _ buffers: WinogradBuffers,
    _ upcoming: Upcoming
  ) {
    let column = plan.inputBlocks * lanes * lanes
    let product = PanelProduct(
      blocks: plan.inputBlocks, blockStep: plan.inputStep,
      channels: plan.geometry.inputChannels, weightColumn: column, outputColumn: plan.inputStep)
    forEachPosition(plan) { position, rows in
      upcoming.fetch(part: position, of: WinogradPlan.positions)
      productSweep(
        product, rowCount: rows, channels: plan.geometry.outputChannels,
        a: buffers.v + position * plan.position,
        b: weights + position * plan.outputBlocks * column,
        z: buffers.m + position * plan.position)
    }
  }

  /// `dU += Vᵀ · dM` of each leaf, then `V = dM · Uᵀ` unless there are no weights, position by position.
  @inline(__always) private static func multiplyBackward<Gradients: WinogradGradients>(
    _ plan: WinogradPlan, _ leaves: CallLeaves, _ weights: FloatPointer?,
    _ accumulator: MutableFloatPointer, _ buffers: WinogradBuffers, _ gradients: Gradients
  ) {
    let column = plan.outputBlocks * lanes * lanes
    let product = PanelProduct(
      blocks: plan.outputBlocks, blockStep: plan.inputStep,
      channels: plan.geometry.outputChannels, weightColumn: column, outputColumn: plan.inputStep)
    forEachPosition(plan) { position, rows in
      gradients.fetchNext(plan, part: position, of: WinogradPlan.positions)
      let v = buffers.v + position * plan.position
      let m = FloatPointer(buffers.m) + position * plan.position
      let offset = position * plan.inputBlocks * column
      let leafRows = min(leaves.imageCount, plan.images) * (rows / plan.images)
      var first = 0
      var sum = accumulator + position * WinogradPlan.gradientPosition(plan.geometry)
      while first < rows {
        // Cleared here, the position is in the L1 cache when its products come.
        if leaves.overwrites { clear(sum, plan.inputBlocks * column) }
        sumProducts(
          plan, min(leafRows, rows - first), v + first * lanes, m + first * lanes, sum)
        first += leafRows
        sum += leaves.accumulatorStride
      }
      if let weights {
        productSweep(
          product, rowCount: rows, channels: plan.geometry.inputChannels, a: m,
          b: weights + offset, z: v)
      }
    }
  }

  /// Positions that have rows: all 36 unless an axis holds no tile of 4.
  @inline(__always) private static func forEachPosition(
    _ plan: WinogradPlan, _ body: (_ position: Int, _ rows: Int) -> Void
  ) {
    var i = 0
    while i < 6 {
      var j = 0
      while j < 6 {
        let rows = plan.rows(i, j)
        if rows > 0 { body(6 * i + j, rows) }
        j += 1
      }
      i += 1
    }
  }

  @inline(__always) private static func sumProducts(
    _ plan: WinogradPlan, _ rows: Int, _ v: FloatPointer, _ m: FloatPointer,
    _ accumulator: MutableFloatPointer
  ) {
    let sum = Correlation(
      outerCount: 1, outerStepA: 0, outerStepB: 0, innerCount: rows, innerStepA: lanes,
      innerStepB: lanes, columnB: plan.inputStep,
      resultColumn: plan.inputBlocks * lanes * lanes)
    var block = 0
    while block < plan.outputBlocks {
      let columns = CorrelationLimits.columns(plan.outputBlocks - block)
      var input = 0
      while input < plan.inputBlocks {
        correlateChannels(
          sum, count: min(lanes, plan.geometry.inputChannels - input * lanes), columns: columns,
          a: v + input * plan.inputStep, b: m + block * plan.inputStep,
          result: accumulator + block * sum.resultColumn + input * lanes * lanes)
        input += 1
      }
      block += columns
    }
  }
}
