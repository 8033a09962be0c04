// Digests of what kernels make of fixed operands: one table for every instruction set with a fused
// multiply-add. Free of test library and Foundation, so that an emulated processor computes it too.
import PTrainKernelTypes

/// The table's rows in order.
struct KernelDigests<Kernels: KernelSet> {
  let kernels: Kernels
  private(set) var rows: [(name: String, digest: UInt64)] = []
  private var seed: UInt64 = 0

  init(_ kernels: Kernels) {
    self.kernels = kernels
    addConvolutions()
    addFusedStages()
    addActivations()
    addWindows()
    addJoins()
    addVectors()
  }

  /// FNV-1a over the bits of all results, one after the other.
  mutating func add(_ name: String, _ results: [Floats]) {
    var digest: UInt64 = 0xcbf2_9ce4_8422_2325
    for values in results {
      for i in 0..<values.count {
        digest = (digest ^ UInt64(values[i].bitPattern)) &* 0x100_0000_01b3
      }
    }
    rows.append((name, digest))
  }

  /// Operands in [-1, 1), other ones at each call.
  mutating func random(_ count: Int) -> Floats {
    seed += 1
    return Floats(random: count, seed: seed)
  }

  /// Constants of `blocks` channel blocks; some scales are below zero.
  mutating func constants(
    _ blocks: Int, bias: Bool = true, reluBefore: Bool = true,
    after: ActivationFunction = .identity, keep: inout [Floats]
  ) -> ChannelConstants {
    let values = (0..<4).map { _ in random(blocks * 16) }
    keep += values
    return ChannelConstants(
      bias: bias ? values[0].read : nil, scale: values[1].read, shift: values[2].read,
      mean: values[3].read, reluBefore: reluBefore, after: after)
  }

  mutating func factors(_ blocks: Int, keep: inout [Floats]) -> GradientFactors {
    let values = (0..<3).map { _ in random(blocks * 16) }
    keep += values
    return GradientFactors(gain: values[0].read, k0: values[1].read, k1: values[2].read)
  }

  // MARK: Flat ranges

  private mutating func addVectors() {
    let slots = random(5 * 160)
    let sum = Floats(150)
    kernels.treeSum(
      slots: slots.read, stride: 160, slotCount: 5, count: 150, result: sum.pointer)
    add("tree of sums", [sum])

    let moments = random(3 * 80)
    for slot in 0..<3 {
      for i in 0..<80 where i < 16 || i / 16 % 2 == 0 { moments[slot * 80 + i] = Float(slot + 2) }
    }
    let joined = Floats(80)
    kernels.momentTree(
      slots: moments.read, stride: 80, slotCount: 3, blocks: 2, result: joined.pointer)
    add("tree of moments", [joined])

    let gradient = random(77)
    let (parameters, mean, velocity) = (random(77), random(77), random(77))
    let variance = random(77)
    for i in 0..<77 { variance[i] = variance[i] * variance[i] }
    kernels.adam(
      AdamStep(
        stepSize: 0.01, inverseRootCorrection: 1.5, meanShare: 0.1, varianceShare: 0.001,
        epsilon: 1e-8, decay: 0.0001),
      rows: .one(77), gradient: gradient.read, parameters: parameters.pointer, mean: mean.pointer,
      variance: variance.pointer)
    add("adam", [parameters, mean, variance])
    kernels.sgd(
      SGDStep(learningRate: 0.1, momentum: 0.9, weightDecay: 0.0005, nesterov: true),
      rows: .one(77),
      gradient: gradient.read, parameters: parameters.pointer, velocity: velocity.pointer)
    add("sgd", [parameters, velocity])
    addDropout()
    addImage()
    addLoss()
    addMatrices()
  }

  private mutating func addDropout() {
    let count = 1200
    let words = dropoutWordCount(count)
    let bits = UnsafeMutablePointer<UInt32>.allocate(capacity: words)
    defer { bits.deallocate() }
    let mask = Floats(count)
    kernels.dropoutBits(
      MaskSource(seed: 7, stream: 3, sample: 11, epoch: 2), rate: 0.3, count: count, bits: bits)
    kernels.dropoutMask(bits: bits, rate: 0.3, count: count, mask: mask.pointer)
    add("dropout", [mask])
  }

  private mutating func addImage() {
    let shape = ImageShape(height: 5, width: 19, channels: 3)
    let pixels = UnsafeMutablePointer<UInt8>.allocate(capacity: shape.count)
    defer { pixels.deallocate() }
    for i in 0..<shape.count { pixels[i] = UInt8(i * 37 % 256) }
    let (gains, offsets) = (random(48), random(48))
    let plane = Floats(7 * 21 * 3)
    kernels.normalize(
      shape, padding: Edges(1), pixels: pixels, gains: gains.read, offsets: offsets.read,
      plane: plane.pointer)
    add("normalize", [plane])
  }

  private mutating func addLoss() {
    let (rows, classes) = (5, 21)
    let logits = random(2 * rows * 16)
    let labels = UnsafeMutablePointer<UInt16>.allocate(capacity: rows)
    let correct = UnsafeMutablePointer<UInt16>.allocate(capacity: rows)
    defer {
      labels.deallocate()
      correct.deallocate()
    }
    for row in 0..<rows { labels[row] = UInt16(row * 4) }
    let losses = Floats(rows)
    let gradient = Floats(2 * rows * 16)
    kernels.crossEntropy(
      rows: rows, classes: classes, logits: logits.read, labels: labels, labelSmoothing: 0.1,
      gradientScale: 0.2, losses: losses.pointer, correct: correct, gradient: gradient.pointer)
    add("cross-entropy", [losses, gradient])
  }

  private mutating func addMatrices() {
    let polynomial = OddPolynomial(a: 3.4445, b: -4.775, c: 2.0315)
    for shape in [IteratedMatrix(side: 3, length: 5), IteratedMatrix(side: 27, length: 64)] {
      let matrix = random(shape.side * shape.length)
      for i in 0..<matrix.count { matrix[i] *= 0.1 }
      let work = Floats(shape.workCount)
      let start = work.pointer
      kernels.matrixColumns(shape, rows: matrix.read, columns: start)
      for iteration in 0..<3 {
        for pass in NewtonSchulzPass.allCases {
          for part in 0..<shape.partCount(pass) {
            kernels.newtonSchulz(
              pass, part: part, shape, polynomial, iteration: iteration, work: start)
          }
        }
      }
      kernels.matrixRows(
        shape, columns: shape.columns(start, before: 3), rows: matrix.pointer)
      add("Newton-Schulz \(shape.side)x\(shape.length)", [matrix])
    }
  }
}
