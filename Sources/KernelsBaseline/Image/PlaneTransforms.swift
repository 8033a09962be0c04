// F(2x2,3x3) of a single plane: a tile is a 2x2 window of outputs, so also a pooling window.
// z = Aᵀ[U ∘ V]A with scalars V = Bᵀ d B of the plane and U = G w Gᵀ for 16 channels at a time.
import PTrainKernelTypes

/// How a plane is cut into windows; `V [window rows, chunks of 16 windows, 16 positions, 16 windows]`.
struct PlanePlan {
  let geometry: ConvGeometry
  let windowRows: Int
  let windows: Int
  let chunks: Int
  let blocks: Int
  /// Floats of one output row of a block.
  let outputRow: Int

  init(_ geometry: ConvGeometry) {
    self.geometry = geometry
    outputRow = geometry.outputWidth * lanes
    windowRows = geometry.outputHeight / 2
    windows = geometry.outputWidth / 2
    chunks = ceilingDivide(windows, lanes)
    blocks = geometry.outputBlocks
  }

  /// Whether a geometry is computed this way: one plane, 3x3, stride 1, padding 1, even sizes, rows
  /// whose last chunk of windows reads at most 16 floats beyond the plane.
  static func applies(to g: ConvGeometry) -> Bool {
    guard g.planeChannels == 1, g.isPlain3x3 else { return false }
    let width = g.inputWidth
    return width % 2 == 0 && g.inputHeight % 2 == 0 && g.inputHeight > 0
      && width - (width / 2 - 1) / lanes * 2 * lanes >= lanes
  }

  @inline(__always) var rowTable: Int { chunks * lanes * lanes }
  @inline(__always) var tableCount: Int { windowRows * rowTable }
  /// Floats of two output rows.
  @inline(__always) var rowPair: Int { 2 * outputRow }
  /// A table, one block's sums, two rows of outputs and one of pooled outputs.
  var scratchCount: Int { tableCount + 17 * lanes + rowPair + windows * lanes }

  /// `V` of a padded plane.
  func transform(_ plane: FloatPointer, _ table: MutableFloatPointer) {
    let row = geometry.paddedWidth
    var ty = 0
    while ty < windowRows {
      var chunk = 0
      while chunk < chunks {
        let source = plane + 2 * ty * row + chunk * 2 * lanes
        transformWindows(source, row, table + ty * rowTable + chunk * lanes * lanes)
        chunk += 1
      }
      ty += 1
    }
  }
}

/// The 16 positions of 16 windows: along y for their four columns, then along x.
@inline(never) private func transformWindows(
  _ source: FloatPointer, _ row: Int, _ table: MutableFloatPointer
) {
  let (c0, c1) = columnPoints(source, row)
  let (c2, c3) = columnPoints(source + 2, row)
  storeFour(table, lanes, planePoints(c0.0, c1.0, c2.0, c3.0))
  storeFour(table + 4 * lanes, lanes, planePoints(c0.1, c1.1, c2.1, c3.1))
  storeFour(table + 8 * lanes, lanes, planePoints(c0.2, c1.2, c2.2, c3.2))
  storeFour(table + 12 * lanes, lanes, planePoints(c0.3, c1.3, c2.3, c3.3))
}

/// Along y for an even and the odd column next to it.
@inline(__always) private func columnPoints(_ source: FloatPointer, _ row: Int) -> (Four, Four) {
  let (e0, o0) = evenOdd(source)
  let (e1, o1) = evenOdd(source + row)
  let (e2, o2) = evenOdd(source + 2 * row)
  let (e3, o3) = evenOdd(source + 3 * row)
  return (planePoints(e0, e1, e2, e3), planePoints(o0, o1, o2, o3))
}

@inline(__always) private func evenOdd(_ p: FloatPointer) -> (Lanes, Lanes) {
  let both = UnsafeRawPointer(p).loadUnaligned(as: SIMD32<Float>.self)
  return (both.evenHalf, both.oddHalf)
}

/// `Bᵀ d` at 0, 1, -1, ∞.
@inline(__always) private func planePoints(
  _ a: Lanes, _ b: Lanes, _ c: Lanes, _ d: Lanes
) -> Four {
  (a - c, b + c, c - b, d - b)
}

/// 16 transformed weights of a channel block, by columns. Held in locals: through a pointer they would
/// be read again in every window, since it might alias the results.
struct PlaneWeights {
  let c0: Four
  let c1: Four
  let c2: Four
  let c3: Four

  @inline(__always) init(_ u: FloatPointer) {
    c0 = loadFour(u, 4 * lanes)
    c1 = loadFour(u + lanes, 4 * lanes)
    c2 = loadFour(u + 2 * lanes, 4 * lanes)
    c3 = loadFour(u + 3 * lanes, 4 * lanes)
  }

  /// Outputs `(y, x)`, `(y, x+1)`, `(y+1, x)`, `(y+1, x+1)` of the window whose scalars start at `v`.
  /// The bias enters all four through the product at (1, 1).
  @inline(__always) func window(_ v: FloatPointer, _ bias: Lanes) -> Four {
    let a = column(c0, v, c0.1 * v[4 * lanes])
    let b = column(c1, v + lanes, multiplyAdd(c1.1, Lanes(repeating: v[5 * lanes]), bias))
    let c = column(c2, v + 2 * lanes, c2.1 * v[6 * lanes])
    let d = column(c3, v + 3 * lanes, c3.1 * v[7 * lanes])
    let p0 = b.0 + c.0
    let q0 = b.0 - c.0
    let p1 = b.1 + c.1
    let q1 = b.1 - c.1
    return (a.0 + p0, q0 + d.0, a.1 + p1, q1 + d.1)
  }

  @inline(__always) private func column(
    _ w: Four, _ v: FloatPointer, _ first: Lanes
  ) -> (Lanes, Lanes) {
    let second = w.2 * v[8 * lanes]
    return (
      multiplyAdd(w.0, Lanes(repeating: v[0]), first + second),
      multiplyAdd(w.3, Lanes(repeating: v[12 * lanes]), first - second)
    )
  }
}

extension PlanePlan {
  /// `U [16, 16]` of one block's direct weights `[9, 16]`.
  static func transformWeights(_ weights: FloatPointer, _ u: MutableFloatPointer) {
    withStackVectors { half in
      planeWeightPoints(weights, 3 * lanes, lanes, half, 3 * lanes, lanes, 3)
      planeWeightPoints(half, lanes, 3 * lanes, u, lanes, 4 * lanes, 4)
    }
  }

  /// `gradient [B_out, 16 taps, 16] += Gᵀ dU G` of one block.
  static func addGradient(_ sums: FloatPointer, to gradient: MutableFloatPointer) {
    withStackVectors { half in
      planeWeightGradients(sums, 4 * lanes, lanes, half, 4 * lanes, lanes, 4)
      planeWeightGradients(half, lanes, 4 * lanes, gradient, lanes, 3 * lanes, 3)
    }
  }
}

/// `G w` for `count` vectors: elements `step` floats apart, vectors `next` floats.
@inline(never) private func planeWeightPoints(
  _ source: FloatPointer, _ step: Int, _ next: Int, _ target: MutableFloatPointer,
  _ targetStep: Int, _ targetNext: Int, _ count: Int
) {
  var i = 0
  while i < count {
    let p = source + i * next
    let (a, b, c) = (load(p), load(p + step), load(p + 2 * step))
    storeFour(
      target + i * targetNext, targetStep, (a, (a + b + c) * 0.5, (a - b + c) * 0.5, c))
    i += 1
  }
}

/// `target += Gᵀ u` for `count` vectors.
@inline(never) private func planeWeightGradients(
  _ source: FloatPointer, _ step: Int, _ next: Int, _ target: MutableFloatPointer,
  _ targetStep: Int, _ targetNext: Int, _ count: Int
) {
  var i = 0
  while i < count {
    let u = loadFour(source + i * next, step)
    let (b, c) = (u.1 * 0.5, u.2 * 0.5)
    let q = target + i * targetNext
    store(q, load(q) + (u.0 + b + c))
    store(q + targetStep, load(q + targetStep) + (b - c))
    store(q + 2 * targetStep, load(q + 2 * targetStep) + (b + c + u.3))
    i += 1
  }
}
