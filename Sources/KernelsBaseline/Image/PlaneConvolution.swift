// The first layer through F(2x2,3x3) windows: outputs, and sums for the weight gradient.
// Two rows of outputs at a time, in the image or in a buffer that stays in the L1 cache.
import PTrainKernelTypes

extension PlanePlan {
  /// `z [B_out, height, width, 16]` without bias.
  func forward(
    x: FloatPointer, weights: FloatPointer, z: MutableFloatPointer, scratch: MutableFloatPointer
  ) {
    transform(x, scratch)
    let u = weights + DirectConvolution.forwardColumn(geometry) * blocks
    var block = 0
    while block < blocks {
      let plane = z + block * geometry.outputPixels * lanes
      var ty = 0
      while ty < windowRows {
        outputRows(
          ty, u + block * lanes * lanes, nil, relu: false, scratch, plane + ty * rowPair)
        ty += 1
      }
      block += 1
    }
  }

  /// Two rows of outputs of one block, plus `bias` unless nil, then ReLU if asked for.
  @inline(__always) func outputRows(
    _ ty: Int, _ u: FloatPointer, _ bias: FloatPointer?, relu: Bool, _ table: FloatPointer,
    _ rows: MutableFloatPointer
  ) {
    let second = outputRow
    var chunk = 0
    while chunk < chunks {
      let first = chunk * lanes
      let source = table + ty * rowTable + chunk * lanes * lanes
      let target = rows + 2 * first * lanes
      let count = min(lanes, windows - first)
      if relu {
        planeOutputsRelu(source, u, bias, target, second, count)
      } else {
        planeOutputs(source, u, bias, target, second, count)
      }
      chunk += 1
    }
  }

  /// `accumulator [B_out, 16 taps, 16] +=` of `dz` in the gradient layout.
  func weightGradient(
    x: FloatPointer, dz: FloatPointer, accumulator: MutableFloatPointer,
    scratch: MutableFloatPointer
  ) {
    transform(x, scratch)
    let sums = scratch + tableCount
    let row = geometry.gradientWidth * lanes
    let origin = geometry.gradientTop * row + geometry.gradientLeft * lanes
    var block = 0
    while block < blocks {
      let plane = dz + block * geometry.gradientHeight * row + origin
      clear(sums, 17 * lanes)
      var ty = 0
      while ty < windowRows {
        sumRows(ty, plane + 2 * ty * row, row, scratch, sums)
        ty += 1
      }
      PlanePlan.addGradient(sums, to: accumulator + block * lanes * lanes)
      block += 1
    }
  }

  /// `sums [16 positions, 16] += V · (A dz Aᵀ)` over two rows of gradients, `sums[16] += Σ dz`.
  @inline(__always) func sumRows(
    _ ty: Int, _ dz: FloatPointer, _ secondRow: Int, _ table: FloatPointer,
    _ sums: MutableFloatPointer
  ) {
    var chunk = 0
    while chunk < chunks {
      let first = chunk * lanes
      planeSums(
        dz + 2 * first * lanes, secondRow, table + ty * rowTable + chunk * lanes * lanes, sums,
        min(lanes, windows - first))
      chunk += 1
    }
  }
}

@inline(never) private func planeOutputs(
  _ table: FloatPointer, _ u: FloatPointer, _ bias: FloatPointer?,
  _ rows: MutableFloatPointer, _ second: Int, _ count: Int
) {
  writePlaneOutputs(table, u, bias, rows, second, count) { $0 }
}

@inline(never) private func planeOutputsRelu(
  _ table: FloatPointer, _ u: FloatPointer, _ bias: FloatPointer?,
  _ rows: MutableFloatPointer, _ second: Int, _ count: Int
) {
  writePlaneOutputs(table, u, bias, rows, second, count) { relu($0) }
}

@inline(__always) private func writePlaneOutputs(
  _ table: FloatPointer, _ u: FloatPointer, _ bias: FloatPointer?,
  _ rows: MutableFloatPointer, _ second: Int, _ count: Int, _ activation: (Lanes) -> Lanes
) {
  let weights = PlaneWeights(u)
  var offset = Lanes.zero
  if let bias { offset = load(bias) }
  var target = rows
  var tx = 0
  while tx < count {
    let z = weights.window(table + tx, offset)
    store(target, activation(z.0))
    store(target + lanes, activation(z.1))
    store(target + second, activation(z.2))
    store(target + second + lanes, activation(z.3))
    target += 2 * lanes
    tx += 1
  }
}

#if KERNELS_AVX512
  /// All 17 sums in registers.
  @inline(never) private func planeSums(
    _ dz: FloatPointer, _ second: Int, _ table: FloatPointer, _ sums: MutableFloatPointer,
    _ count: Int
  ) {
    var r0 = loadFour(sums, lanes)
    var r1 = loadFour(sums + 4 * lanes, lanes)
    var r2 = loadFour(sums + 8 * lanes, lanes)
    var r3 = loadFour(sums + 12 * lanes, lanes)
    var total = load(sums + 16 * lanes)
    var p = dz
    var tx = 0
    while tx < count {
      let a = load(p)
      let b = load(p + lanes)
      let c = load(p + second)
      let d = load(p + second + lanes)
      let v = table + tx
      p += 2 * lanes
      addRow(&r0, a, b, v)
      let middle = a + c
      let other = b + d
      total += middle + other
      addRow(&r1, middle, other, v + 4 * lanes)
      addRow(&r2, a - c, b - d, v + 8 * lanes)
      addRow(&r3, c, d, v + 12 * lanes)
      tx += 1
    }
    storeFour(sums, lanes, r0)
    storeFour(sums + 4 * lanes, lanes, r1)
    storeFour(sums + 8 * lanes, lanes, r2)
    storeFour(sums + 12 * lanes, lanes, r3)
    store(sums + 16 * lanes, total)
  }
#else
  /// Four passes of four sums, which is what 16 registers hold.
  @inline(__always) private func planeSums(
    _ dz: FloatPointer, _ second: Int, _ table: FloatPointer, _ sums: MutableFloatPointer,
    _ count: Int
  ) {
    planeSumsOuter(dz, table, sums, count)
    planeSumsPlus(dz, second, table + 4 * lanes, sums + 4 * lanes, count)
    planeSumsMinus(dz, second, table + 8 * lanes, sums + 8 * lanes, count)
    planeSumsOuter(dz + second, table + 12 * lanes, sums + 12 * lanes, count)
  }

  @inline(never) private func planeSumsOuter(
    _ dz: FloatPointer, _ table: FloatPointer, _ sums: MutableFloatPointer, _ count: Int
  ) {
    var row = loadFour(sums, lanes)
    var p = dz
    var tx = 0
    while tx < count {
      addRow(&row, load(p), load(p + lanes), table + tx)
      p += 2 * lanes
      tx += 1
    }
    storeFour(sums, lanes, row)
  }

  /// The sums of all gradients too: `sums` is row 1 of 16 positions and the total.
  @inline(never) private func planeSumsPlus(
    _ dz: FloatPointer, _ second: Int, _ table: FloatPointer, _ sums: MutableFloatPointer,
    _ count: Int
  ) {
    var row = loadFour(sums, lanes)
    var total = load(sums + 12 * lanes)
    var p = dz
    var tx = 0
    while tx < count {
      let middle = load(p) + load(p + second)
      let other = load(p + lanes) + load(p + second + lanes)
      total += middle + other
      addRow(&row, middle, other, table + tx)
      p += 2 * lanes
      tx += 1
    }
    storeFour(sums, lanes, row)
    store(sums + 12 * lanes, total)
  }

  @inline(never) private func planeSumsMinus(
    _ dz: FloatPointer, _ second: Int, _ table: FloatPointer, _ sums: MutableFloatPointer,
    _ count: Int
  ) {
    var row = loadFour(sums, lanes)
    var p = dz
    var tx = 0
    while tx < count {
      let middle = load(p) - load(p + second)
      let other = load(p + lanes) - load(p + second + lanes)
      addRow(&row, middle, other, table + tx)
      p += 2 * lanes
      tx += 1
    }
    storeFour(sums, lanes, row)
  }
#endif

/// One row of `V ∘ (A dz Aᵀ)`: columns `x`, `x + y`, `x - y`, `y`.
@inline(__always) private func addRow(
  _ row: inout Four, _ x: Lanes, _ y: Lanes, _ v: FloatPointer
) {
  row.0 = multiplyAdd(x, Lanes(repeating: v[0]), row.0)
  row.1 = multiplyAdd(x + y, Lanes(repeating: v[lanes]), row.1)
  row.2 = multiplyAdd(x - y, Lanes(repeating: v[2 * lanes]), row.2)
  row.3 = multiplyAdd(y, Lanes(repeating: v[3 * lanes]), row.3)
}
