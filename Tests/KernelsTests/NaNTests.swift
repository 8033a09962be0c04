// What a NaN becomes in each element-wise and flat kernel. It stays where it was read, so that a
// diverged network shows, and reaches no other channel or sample; where a comparison decides (a gate, a
// pool), a NaN is nothing that compares. Convolutions are in NaNTests+Convolutions.
import PTrainKernelTypes
import Testing

/// Two blocks of 2x3 windows with room for leftovers, and constants that give every channel a scale.
private struct NaNCase {
  let shape: ActivationShape
  let one = Floats(32, fill: 1)
  let zero = Floats(32)
  let scale: Floats
  let values: Floats
  var reluBefore = false
  var after = ActivationFunction.identity

  init(window: Int, scale: Float = 1) {
    shape = ActivationShape(blocks: 2, height: 2 * window, width: 3 * window + 1, window: window)
    values = Floats(random: shape.count, seed: 1)
    self.scale = Floats(32, fill: scale)
  }

  var constants: ChannelConstants {
    ChannelConstants(
      bias: one.read, scale: scale.read, shift: zero.read, mean: zero.read, reluBefore: reluBefore,
      after: after)
  }
  var factors: GradientFactors {
    GradientFactors(gain: one.read, k0: zero.read, k1: zero.read)
  }
}

/// Places that hold no number.
private func missing(_ values: [Float]) -> [Int] { values.indices.filter { values[$0].isNaN } }

@Test(arguments: [false, true])
func activationKeepsANaN(relu: Bool) {
  var c = NaNCase(window: 1)
  c.reluBefore = relu
  // Pixel 4 of channel 19: block 1, lane 3. The pivot is another pixel's value.
  let place = (c.shape.height * c.shape.width + 4) * 16 + 3
  for kernels in variants {
    let moments = Floats(BatchMoments.count(blocks: 2))
    let expected = Floats(moments.count)
    let clean = Floats(c.values.values)
    kernels.activate(c.shape, c.constants, z: clean.pointer, moments: expected.pointer)
    let z = Floats(c.values.values)
    z[place] = .nan
    kernels.activate(c.shape, c.constants, z: z.pointer, moments: moments.pointer)
    #expect(missing(z.values) == [place], "\(kernels.instructionSet)")
    let mean = BatchMoments.mean(of: 19)
    #expect(missing(moments.values) == [mean, mean + 16], "\(kernels.instructionSet)")
    for i in 0..<moments.count where i != mean && i != mean + 16 {
      #expect(moments[i] == expected[i], "\(kernels.instructionSet)")
    }
  }
}

/// A pool takes the pixels in turn and begins anew behind a NaN: the last pixel's stays.
@Test(arguments: [(1, 0)] + (0..<4).map { (2, $0) } + (0..<9).map { (3, $0) }, [Float(1), -1])
func poolBeginsAnewBehindANaN(_ pixel: (window: Int, index: Int), scale: Float) {
  let (window, index) = pixel
  let c = NaNCase(window: window, scale: scale)
  // The second window of the second row, block 1, lane 3.
  let (y, x) = (window + index / window, window + index % window)
  let block = c.shape.height * c.shape.width * 16
  let z = Floats(c.values.values)
  z[block + (y * c.shape.width + x) * 16 + 3] = .nan
  let rest = (0..<window * window).filter { $0 > index }.map {
    z[block + ((window + $0 / window) * c.shape.width + window + $0 % window) * 16 + 3]
  }
  let place = ((c.shape.pooledHeight + 1) * c.shape.pooledWidth + 1) * 16 + 3
  for kernels in variants {
    let (s, expected) = (Floats(c.shape.pooledCount), Floats(c.shape.pooledCount))
    kernels.pool(c.shape, c.constants, z: c.values.read, s: expected.pointer)
    kernels.pool(c.shape, c.constants, z: z.read, s: s.pointer)
    if index == window * window - 1 {
      #expect(missing(s.values) == [place], "\(kernels.instructionSet)")
    } else {
      #expect(s[place] == (scale < 0 ? rest.min() : rest.max()), "\(kernels.instructionSet)")
    }
    for i in 0..<s.count where i != place {
      #expect(s[i] == expected[i], "\(kernels.instructionSet)")
    }
  }
}

/// Through the ReLU and through dropout's zero.
@Test(arguments: [false, true], [Float(0), 1])
func consumersReadANaN(relu: Bool, kept: Float) {
  var c = NaNCase(window: 1)
  c.after = relu ? .relu : .identity
  let pixels = c.shape.height * c.shape.width
  let (width, height) = (c.shape.width + 2, c.shape.height + 2)
  c.values[(pixels + 4) * 16 + 3] = .nan
  let mask = Floats(c.shape.count, fill: kept)
  for kernels in variants {
    let x = Floats(2 * height * width * 16)
    kernels.prepareInput(
      c.shape, c.constants, s: c.values.read, mask: mask.read, padding: Edges(1), x: x.pointer)
    let (row, column) = (4 / c.shape.width + 1, 4 % c.shape.width + 1)
    let place = ((height + row) * width + column) * 16 + 3
    #expect(missing(x.values) == [place], "\(kernels.instructionSet)")
    let means = Floats(32)
    kernels.averagePool(
      c.shape, c.constants, s: c.values.read, means: means.pointer, blockStride: 16)
    #expect(missing(means.values) == [19], "\(kernels.instructionSet)")
  }
}

/// A closed gate stops a gradient that is a NaN, and a NaN closes its gate. The sums of the channel
/// show either; those without a gate show both.
@Test(arguments: [false, true])
func gatesOfInputGradients(relu: Bool) {
  var c = NaNCase(window: 1)
  c.after = relu ? .relu : .identity
  let pixels = c.shape.height * c.shape.width
  func place(_ block: Int, _ pixel: Int, _ lane: Int) -> Int {
    (block * pixels + pixel) * 16 + lane
  }
  let dx = Floats(c.shape.count, fill: 1)
  let (output, open, closed) = (place(0, 1, 2), place(0, 2, 5), place(1, 3, 7))
  (c.values[output], c.values[open], c.values[closed]) = (.nan, 0.5, -0.5)
  (dx[open], dx[closed]) = (.nan, .nan)
  let dMeans = Floats(32, fill: 1)
  dMeans[21] = .nan
  for kernels in variants {
    let name = "\(kernels.instructionSet)"
    let (dy, sums) = (Floats(dx.count), Floats(64))
    kernels.inputGradient(
      c.shape, c.constants, s: c.values.read, mask: nil, dx: dx.read, dy: dy.pointer,
      sums: sums.pointer, accumulates: false)
    #expect(missing(dy.values) == (relu ? [open] : [open, closed]), "\(name)")
    #expect(dy[output] == (relu ? 0 : 1), "\(name)")
    #expect(dy[closed] == 0 || !relu, "\(name)")
    // Sum of dy, of dy·(s - mean).
    let expected = relu ? [5, 18, 21] : [5, 18, 21, 39, 55]
    #expect(missing(sums.values) == expected, "\(name)")

    let (spread, spreadSums) = (Floats(dx.count), Floats(64))
    kernels.averagePoolGradient(
      c.shape, c.constants, s: c.values.read, dMeans: dMeans.read, blockStride: 16,
      dy: spread.pointer, sums: spreadSums.pointer, accumulates: false)
    let gated = (0..<pixels).map { place(1, $0, 5) }.filter { !relu || c.values[$0] > 0 }
    #expect(!gated.isEmpty && missing(spread.values) == gated, "\(name)")
    #expect(missing(spreadSums.values) == [18, 37, 53], "\(name)")
  }
}

/// Behind a ReLU an output that is a NaN has no gradient, as one of zero has none; else it is one itself.
@Test(arguments: [1, 2, 3], [false, true])
func outputGradientOfANaN(window: Int, relu: Bool) {
  var c = NaNCase(window: window)
  c.reluBefore = relu
  let geometry = ConvGeometry(
    inputChannels: 16, outputChannels: 32, inputHeight: c.shape.height,
    inputWidth: c.shape.width, kernel: 1, stride: 1, padding: 0)
  let dy = Floats(c.shape.pooledCount, fill: 1)
  for index in 0..<window * window {
    let z = Floats(c.values.values)
    let place = (index / window * c.shape.width + index % window) * 16 + 3
    z[place] = .nan
    for kernels in variants {
      let s = Floats(c.shape.pooledCount)
      kernels.pool(c.shape, c.constants, z: z.read, s: s.pointer)
      let (dz, bias) = (Floats(geometry.outputGradientCount), Floats(32))
      kernels.outputGradient(
        c.shape, c.constants, c.factors, geometry, z: z.read, s: s.read, dy: dy.read,
        dz: dz.pointer, biasGradient: bias.pointer)
      let name = "\(index) on \(kernels.instructionSet)"
      #expect(missing(dz.values) == (relu ? [] : [place]), "\(name)")
      #expect(missing(bias.values) == (relu ? [] : [3]), "\(name)")
      if relu { #expect(dz[place] == 0, "\(name)") }
    }
  }
}

/// The loss is none, whatever `logarithm` makes of it, and neither is any gradient of the sample.
@Test(arguments: [(10, 0), (10, 3), (10, 9), (17, 16), (17, 2)], [Float(0), 0.1])
func crossEntropyOfANaN(_ logit: (classes: Int, index: Int), smoothing: Float) {
  let (classes, index) = logit
  let blocks = channelBlocks(classes)
  let values = Floats(random: blocks * 2 * 16, seed: 5)
  func place(_ row: Int, _ k: Int) -> Int { (k / 16 * 2 + row) * 16 + k % 16 }
  // The largest of the numbers.
  values[place(1, 1)] = 3
  for wrong in [Float.nan, -.nan, .infinity] {
    let logits = Floats(values.values)
    logits[place(1, index)] = wrong
    for kernels in variants {
      let (losses, gradient) = (Floats(2), Floats(values.count))
      let (clean, cleanGradient) = (Floats(2), Floats(values.count))
      var correct: [UInt16] = [9, 9]
      func run(_ logits: Floats, _ losses: Floats, _ gradient: Floats) {
        kernels.crossEntropy(
          rows: 2, classes: classes, logits: logits.read, labels: [2, 1], labelSmoothing: smoothing,
          gradientScale: 1, losses: losses.pointer, correct: &correct, gradient: gradient.pointer)
      }
      run(values, clean, cleanGradient)
      run(logits, losses, gradient)
      let name = "\(wrong) on \(kernels.instructionSet)"
      #expect(losses[1].isNaN && losses[0] == clean[0], "\(name)")
      #expect(missing(gradient.values) == (0..<classes).map { place(1, $0) }.sorted(), "\(name)")
      for k in 0..<classes {
        #expect(gradient[place(0, k)] == cleanGradient[place(0, k)], "\(name)")
      }
      // A first logit that is a NaN is never beaten; any other never beats.
      #expect(correct[1] == (wrong == .infinity || index == 0 ? 0 : 1), "\(name)")
    }
  }
}

/// Of the slot or the element alone.
@Test(arguments: [2, 3, 9, 40])
func sumsAndOptimizersKeepANaN(slots: Int) {
  let values = Floats(random: slots * 33, seed: 1)
  values[(slots - 1) * 33 + 20] = .nan
  let width = BatchMoments.count(blocks: 1)
  let moments = Floats(slots * width, fill: 1)
  moments[(slots / 2) * width + 16 + 5] = .nan
  for kernels in variants {
    let result = Floats(33)
    kernels.treeSum(
      slots: values.read, stride: 33, slotCount: slots, count: 33, result: result.pointer)
    #expect(missing(result.values) == [20], "\(kernels.instructionSet)")
    let joined = Floats(width)
    kernels.momentTree(
      slots: moments.read, stride: width, slotCount: slots, blocks: 1, result: joined.pointer)
    #expect(missing(joined.values) == [21, 37], "\(kernels.instructionSet)")

    let state = (0..<5).map { _ in Floats(33, fill: 0.5) }
    kernels.adam(
      AdamStep(
        stepSize: 0.1, inverseRootCorrection: 1, meanShare: 0.1, varianceShare: 0.001,
        epsilon: 1e-8, decay: 0),
      rows: .one(33), gradient: result.read, parameters: state[0].pointer,
      mean: state[1].pointer, variance: state[2].pointer)
    kernels.sgd(
      SGDStep(learningRate: 0.1, momentum: 0, weightDecay: 0, nesterov: true), rows: .one(33),
      gradient: result.read, parameters: state[3].pointer, velocity: state[4].pointer)
    for values in state { #expect(missing(values.values) == [20], "\(kernels.instructionSet)") }
  }
}
