// The gradient of a Winograd convolution's output: stored, or made for one row of tiles at a time
// in a buffer of a few rows that stays in the L1 cache.
import PTrainKernelTypes

/// The gradients of a call's outputs on their way to the Winograd domain.
protocol WinogradGradients {
  func transform(_ plan: WinogradPlan, _ image: Int, _ buffers: WinogradBuffers)
  /// Asks for one of `parts` parts of what follows the products.
  func fetchNext(_ plan: WinogradPlan, part: Int, of parts: Int)
}

/// Gradients that `OutputGradient` wrote before the call.
struct StoredGradients: WinogradGradients {
  let geometry: ConvGeometry
  let dz: FloatPointer

  /// A covered row or column beyond the image lies in the zeros around `dz`.
  @inline(__always) func transform(
    _ plan: WinogradPlan, _ image: Int, _ buffers: WinogradBuffers
  ) {
    let g = geometry
    let row = g.gradientWidth * lanes
    let source = dz + image * g.outputGradientCount + g.gradientTop * row + g.gradientLeft * lanes
    plan.transformOutputGradient(image, buffers, rowFloats: row) { block, ty in
      source + (block * g.gradientHeight + 4 * ty) * row
    }
  }

  @inline(__always) func fetchNext(_ plan: WinogradPlan, part: Int, of parts: Int) {}
}

/// Where a call's images are read and how they become gradients.
struct GradientStrips: WinogradGradients {
  let shape: ActivationShape
  let relu: Bool
  let factors: GradientFactors
  let operands: GradientOperands
  let leaves: CallLeaves
  /// The first leaf's.
  let biasGradient: MutableFloatPointer

  /// Windows that neither a tile nor the image's edge cuts.
  static func applies(_ g: ConvGeometry, _ shape: ActivationShape) -> Bool {
    WinogradPlan.applies(to: g) && shape.window <= 2 && shape.height % shape.window == 0
      && shape.width % shape.window == 0
  }

  /// The rows of tile row `ty` of one block, `plan.stripRow` apart, zeros beyond the image.
  @inline(__always) private func write(
    _ plan: WinogradPlan, image: Int, _ block: Int, _ ty: Int, to strip: MutableFloatPointer
  ) {
    let stripRow = plan.stripRow
    let first = 4 * ty
    let tileRows = plan.y.points(ty) - 2
    let rows = min(tileRows, shape.height - first)
    let row = shape.width * lanes
    let pooledRow = shape.pooledWidth * lanes
    let z = operands.z + image * shape.count + (block * shape.height + first) * row
    let pooled =
      image * shape.pooledCount
      + (block * shape.pooledHeight + first / shape.window) * pooledRow
    let bias = biasGradient + image / leaves.imageCount * leaves.biasStride
    let places = GradientPlaces(z: z, zRow: row, dz: strip, dzRow: stripRow)
    OutputGradient.rows(
      shape, BlockFactors(factors, block), relu: relu, places, s: operands.s + pooled,
      dy: operands.dy + pooled, bias + block * lanes, count: rows / shape.window)
    clearBeyond(plan, strip, rows, tileRows)
  }

  @inline(__always) func transform(
    _ plan: WinogradPlan, _ image: Int, _ buffers: WinogradBuffers
  ) {
    plan.transformOutputGradient(image, buffers, rowFloats: plan.stripRow) { block, ty in
      write(plan, image: image, block, ty, to: buffers.edge)
      return FloatPointer(buffers.edge)
    }
  }

  /// The operands of as many images that lie behind these, and the place of these images' results.
  @inline(__always) func fetchNext(_ plan: WinogradPlan, part: Int, of parts: Int) {
    let (full, pooled) = (plan.images * shape.count, plan.images * shape.pooledCount)
    Upcoming(start: operands.z + full, count: full).fetch(part: part, of: parts)
    Upcoming(start: operands.dy + pooled, count: pooled).fetch(part: part, of: parts)
    if let below = operands.dyBelow {
      let count = plan.images * plan.geometry.inputGradientCount
      Upcoming(start: below, count: count).fetch(part: part, of: parts)
    }
    if shape.window > 1 {
      Upcoming(start: operands.s + pooled, count: pooled).fetch(part: part, of: parts)
    }
  }

  @inline(__always) private func clearBeyond(
    _ plan: WinogradPlan, _ strip: MutableFloatPointer, _ rows: Int, _ tileRows: Int
  ) {
    let row = shape.width * lanes
    let spare = (plan.x.covered - shape.width) * lanes
    var i = 0
    while i < rows {
      clear(strip + i * plan.stripRow + row, spare)
      i += 1
    }
    while i < tileRows {
      clear(strip + i * plan.stripRow, row + spare)
      i += 1
    }
  }
}
