// Softmax cross-entropy with label smoothing, its gradient and the count of hits.
// loss = ln Σ e^t - Σ q·t, gradient = scale · (e^t / Σ e^t - q), t = logit - max, q the smoothed label
// A logit that is a NaN or infinite makes the loss a NaN by its q·t, even where q is 0.
import PTrainKernelTypes

/// One batch of logits, `[blocks, rows, 16]`, lanes are classes.
struct LogitRows {
  let logits: FloatPointer
  let rows: Int
  let classes: Int

  @inline(__always) var blocks: Int { channelBlocks(classes) }

  @inline(__always) func offset(_ row: Int, _ block: Int) -> Int { (block * rows + row) * lanes }

  @inline(__always) func logit(_ row: Int, _ k: Int) -> Float {
    logits[offset(row, k / lanes) + k % lanes]
  }

  /// Index of the first largest logit.
  @inline(__always) func best(_ row: Int) -> Int {
    var best = 0
    var k = 1
    while k < classes {
      if logit(row, k) > logit(row, best) { best = k }
      k += 1
    }
    return best
  }
}

enum CrossEntropy {
  static func run(
    _ input: LogitRows, labels: UnsafePointer<UInt16>, labelSmoothing: Float,
    gradientScale: Float, losses: MutableFloatPointer, correct: UnsafeMutablePointer<UInt16>,
    gradient: MutableFloatPointer?
  ) {
    let target = SmoothedLabel(classes: input.classes, smoothing: labelSmoothing)
    var row = 0
    while row < input.rows {
      let label = Int(labels[row])
      let best = input.best(row)
      correct[row] = best == label ? 1 : 0
      let peak = input.logit(row, best)
      let (sum, cross) = sums(input, row, peak, target, label)
      losses[row] = logarithm(sum) - cross
      if let gradient {
        rowGradient(input, row, peak, target, label, sum, gradientScale, gradient)
      }
      row += 1
    }
  }

  /// `Σ e^t` and `Σ q·t` over the classes.
  @inline(never) private static func sums(
    _ input: borrowing LogitRows, _ row: Int, _ peak: Float, _ target: borrowing SmoothedLabel,
    _ label: Int
  ) -> (Float, Float) {
    var sum = Lanes.zero
    var cross = Lanes.zero
    var block = 0
    while block < input.blocks {
      let t = load(input.logits + input.offset(row, block)) - Lanes(repeating: peak)
      let q = target.lanes(block, label)
      sum += target.inside(block, exponential(t))
      cross = multiplyAdd(q, target.inside(block, t), cross)
      block += 1
    }
    return (laneSum(sum), laneSum(cross))
  }

  @inline(never) private static func rowGradient(
    _ input: borrowing LogitRows, _ row: Int, _ peak: Float, _ target: borrowing SmoothedLabel,
    _ label: Int, _ sum: Float, _ scale: Float, _ gradient: MutableFloatPointer
  ) {
    let inverse = Lanes(repeating: 1 / sum)
    var block = 0
    while block < input.blocks {
      let offset = input.offset(row, block)
      let t = load(input.logits + offset) - Lanes(repeating: peak)
      let difference = multiplyAdd(exponential(t), inverse, -target.lanes(block, label))
      store(gradient + offset, target.inside(block, difference * Lanes(repeating: scale)))
      block += 1
    }
  }
}

/// `q = (1 - ε)·[k = label] + ε / classes`.
private struct SmoothedLabel {
  let classes: Int
  let smoothing: Float

  @inline(__always) init(classes: Int, smoothing: Float) {
    self.classes = classes
    self.smoothing = smoothing
  }

  @inline(__always) private func indices(_ block: Int) -> SIMD16<Int32> {
    SIMD16<Int32>(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)
      &+ SIMD16<Int32>(repeating: Int32(truncatingIfNeeded: block * 16))
  }

  /// `value` in lanes of real classes, else zero.
  @inline(__always) func inside(_ block: Int, _ value: Lanes) -> Lanes {
    let limit = SIMD16<Int32>(repeating: Int32(truncatingIfNeeded: classes))
    return Lanes.zero.replacing(with: value, where: indices(block) .< limit)
  }

  @inline(__always) func lanes(_ block: Int, _ label: Int) -> Lanes {
    let share = smoothing / Float(classes)
    let chosen = indices(block) .== SIMD16<Int32>(repeating: Int32(truncatingIfNeeded: label))
    return Lanes(repeating: share).replacing(
      with: Lanes(repeating: 1 - smoothing + share), where: chosen)
  }
}
