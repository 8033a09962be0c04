// A first layer of one plane, made where it is read: convolution, BN and ReLU in one pass, and the
// way back to its weights. Rows go through the L1 cache; nothing of full size is kept.
import PTrainKernelTypes

struct AffineStage {
  let plan: PlanePlan
  let padding: Int
  /// Floats of a padded row.
  let paddedRow: Int
  let table: MutableFloatPointer

  static func applies(_ g: ConvGeometry) -> Bool { PlanePlan.applies(to: g) }

  init(
    _ g: ConvGeometry, x: FloatPointer, padding: Int, scratch: MutableFloatPointer
  ) {
    plan = PlanePlan(g)
    self.padding = padding
    paddedRow = plan.outputRow + 2 * padding * lanes
    table = scratch
    plan.transform(x, table)
  }

  /// Floats from a padded block to the next.
  @inline(__always) private var paddedBlock: Int {
    (plan.geometry.outputHeight + 2 * padding) * paddedRow
  }

  func forward(
    _ constants: ChannelConstants, weights: FloatPointer, y: MutableFloatPointer
  ) {
    let g = plan.geometry
    let u = weights + DirectConvolution.forwardColumn(g) * plan.blocks
    let border = padding * lanes
    var block = 0
    while block < plan.blocks {
      let plane = y + block * paddedBlock
      let inside = plane + padding * paddedRow + border
      clear(plane, padding * paddedRow + border)
      var ty = 0
      while ty < plan.windowRows {
        let first = inside + 2 * ty * paddedRow
        rows(ty, u + block * lanes * lanes, constants, block, first)
        clear(first + plan.outputRow, 2 * border)
        clear(first + paddedRow + plan.outputRow, 2 * border)
        ty += 1
      }
      // The last row's border began the halo below it.
      clear(inside + g.outputHeight * paddedRow, padding * paddedRow - border)
      block += 1
    }
  }

  @inline(__always) private func rows(
    _ ty: Int, _ u: FloatPointer, _ constants: ChannelConstants, _ block: Int,
    _ target: MutableFloatPointer
  ) {
    var chunk = 0
    while chunk < plan.chunks {
      let first = chunk * lanes
      affineOutputs(
        table + ty * plan.rowTable + chunk * lanes * lanes, u, constants.scale + block * lanes,
        constants.shift + block * lanes, target + 2 * first * lanes, paddedRow,
        min(lanes, plan.windows - first))
      chunk += 1
    }
  }

  func backward(
    y: FloatPointer, dy: FloatPointer, weightGradient: MutableFloatPointer,
    sums target: MutableFloatPointer
  ) {
    let sums = table + plan.tableCount
    let gated = sums + 17 * lanes
    var block = 0
    while block < plan.blocks {
      let inside = y + block * paddedBlock + padding * (paddedRow + lanes)
      clear(sums, 17 * lanes)
      var ty = 0
      while ty < plan.windowRows {
        let source = dy + (block * plan.windowRows + ty) * plan.rowPair
        gateTwoRows(source, inside + 2 * ty * paddedRow, paddedRow, gated, plan.outputRow)
        plan.sumRows(ty, gated, plan.outputRow, table, sums)
        ty += 1
      }
      PlanePlan.addGradient(sums, to: weightGradient + block * lanes * lanes)
      let total = target + block * lanes
      store(total, load(total) + load(sums + 16 * lanes))
      block += 1
    }
  }
}

/// `relu(scale·z + shift)` of the windows of two rows.
@inline(never) private func affineOutputs(
  _ table: FloatPointer, _ u: FloatPointer, _ scale: FloatPointer, _ shift: FloatPointer,
  _ rows: MutableFloatPointer, _ second: Int, _ count: Int
) {
  let weights = PlaneWeights(u)
  let (scale, shift) = (load(scale), load(shift))
  var target = rows
  var tx = 0
  while tx < count {
    let z = weights.window(table + tx, Lanes.zero)
    store(target, relu(multiplyAdd(scale, z.0, shift)))
    store(target + lanes, relu(multiplyAdd(scale, z.1, shift)))
    store(target + second, relu(multiplyAdd(scale, z.2, shift)))
    store(target + second + lanes, relu(multiplyAdd(scale, z.3, shift)))
    target += 2 * lanes
    tx += 1
  }
}

/// `target [2, width, 16]` = two rows of `dy` where `y` is positive.
@inline(never) private func gateTwoRows(
  _ dy: FloatPointer, _ y: FloatPointer, _ yRow: Int, _ target: MutableFloatPointer,
  _ rowFloats: Int
) {
  var i = 0
  while i < rowFloats {
    let (first, second) = (load(y + i), load(y + yRow + i))
    store(target + i, keepWherePositive(load(dy + i), first))
    store(target + rowFloats + i, keepWherePositive(load(dy + rowFloats + i), second))
    i += lanes
  }
}
