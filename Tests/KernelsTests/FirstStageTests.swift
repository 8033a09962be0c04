// The fused first block against the same block in separate passes, each tested on its own.
// Scales below and at zero, with and without bias and ReLU, widths around a chunk of windows.
import PTrainKernelTypes
import Testing

struct FirstStageCase: CustomTestStringConvertible, Sendable {
  var channels: Int
  var height: Int
  var width: Int
  var relu = true
  var bias = true
  var mixed = true

  var testDescription: String {
    "1->\(channels) \(height)x\(width) relu \(relu) bias \(bias) mixed \(mixed)"
  }

  static let all: [FirstStageCase] = [
    .init(channels: 64, height: 28, width: 28, mixed: false),
    .init(channels: 64, height: 28, width: 28),
    .init(channels: 16, height: 28, width: 28, relu: false, bias: false),
    .init(channels: 32, height: 28, width: 28, bias: false, mixed: false),
    .init(channels: 16, height: 2, width: 16, relu: false, mixed: false),
    .init(channels: 7, height: 4, width: 32),
    .init(channels: 33, height: 6, width: 30, bias: false),
    .init(channels: 20, height: 8, width: 50), .init(channels: 16, height: 64, width: 64),
  ]

  var geometry: ConvGeometry {
    ConvGeometry(
      inputChannels: 1, outputChannels: channels, inputHeight: height, inputWidth: width,
      kernel: 3, stride: 1, padding: 1)
  }
  var shape: ActivationShape {
    ActivationShape(blocks: channelBlocks(channels), height: height, width: width, window: 2)
  }
}

/// Operands of a case, and the block computed both ways.
private struct FirstStage {
  let c: FirstStageCase
  let weights: Floats
  let plane: Floats
  let bias: Floats
  let scale: Floats
  let shift: Floats
  let gain: Floats
  let k0: Floats
  let k1: Floats
  let dy: Floats

  init(_ c: FirstStageCase) {
    self.c = c
    let g = c.geometry
    let count = c.shape.blocks * 16
    weights = Floats(random: c.channels * 9, seed: 1)
    plane = Floats(g.inputCount)
    let pixels = Floats(random: g.inputPixels, seed: 2)
    for i in 0..<g.inputPixels {
      plane[(i / c.width + 1) * g.paddedWidth + i % c.width + 1] = pixels[i]
    }
    let random = (3..<8).map { Floats(random: count, seed: UInt64($0)) }
    scale = random[0]
    (bias, gain, k0, k1) = (random[1], random[2], random[3], random[4])
    shift = Floats(count)
    if !c.mixed {
      for i in 0..<count { scale[i] = abs(scale[i]) }
    }
    scale[0] = 0
    scale[1] = -0.0
    for i in c.channels..<max(count, c.channels) {
      for values in random { values[i] = 0 }
    }
    dy = Floats(random: c.shape.pooledCount, seed: 9)
  }

  var constants: ChannelConstants {
    ChannelConstants(
      bias: c.bias ? bias.read : nil, scale: scale.read, shift: shift.read, mean: shift.read,
      reluBefore: c.relu, after: .identity)
  }
  var factors: GradientFactors { GradientFactors(gain: gain.read, k0: k0.read, k1: k1.read) }

  struct Results {
    var s: [Float]
    var moments: [Float]
    var weights: [Float]
    var bias: [Float]

    var all: [[Float]] { [s, moments, weights, bias] }
  }

  func run(_ kernels: any KernelSet, fused: Bool) -> Results {
    let g = c.geometry
    let sizes = kernels.convStorage(g)
    let packed = Floats(sizes.forwardWeights, fill: .nan)
    for tile in g.weightTiles {
      kernels.convPackWeights(
        g, tile, weights: weights.read, forward: packed.pointer, backward: nil)
    }
    let s = Floats(c.shape.pooledCount, fill: .nan)
    let moments = Floats(BatchMoments.count(blocks: c.shape.blocks))
    let accumulator = Floats(sizes.accumulator)
    let biasGradient = Floats(c.shape.blocks * 16, fill: 0.25)
    let scratch = Floats(sizes.scratch, fill: .nan)
    if fused {
      kernels.firstStageForward(
        g, constants, x: plane.read, weights: packed.read, s: s.pointer, moments: moments.pointer,
        scratch: scratch.pointer)
      kernels.firstStageBackward(
        g, constants, factors, x: plane.read, weights: packed.read, dy: dy.read,
        accumulator: accumulator.pointer, biasGradient: biasGradient.pointer,
        scratch: scratch.pointer)
    } else {
      let z = Floats(g.outputCount, fill: .nan)
      let dz = Floats(g.outputGradientCount, fill: .nan)
      kernels.convForward(
        g, imageCount: 1, x: plane.read, weights: packed.read, z: z.pointer,
        scratch: scratch.pointer)
      kernels.activate(c.shape, constants, z: z.pointer, moments: moments.pointer)
      kernels.pool(c.shape, constants, z: z.read, s: s.pointer)
      kernels.outputGradient(
        c.shape, constants, factors, g, z: z.read, s: s.read, dy: dy.read, dz: dz.pointer,
        biasGradient: biasGradient.pointer)
      kernels.convBackward(
        g, imageCount: 1, leaves: .one, x: plane.read, dz: dz.read, weights: nil,
        accumulator: accumulator.pointer, dx: nil, scratch: scratch.pointer)
    }
    let finished = Floats(sizes.weightGradient)
    let dw = Floats(weights.count)
    kernels.convFinishWeightGradient(
      g, accumulator: accumulator.pointer, weightGradient: finished.pointer)
    for tile in g.weightTiles {
      kernels.convUnpackWeightGradient(
        g, tile, weightGradient: finished.read, result: dw.pointer)
    }
    return Results(
      s: s.values, moments: moments.values, weights: dw.values, bias: biasGradient.values)
  }
}

@Test(arguments: FirstStageCase.all)
func fusedFirstStageEqualsSeparatePasses(_ c: FirstStageCase) {
  let stage = FirstStage(c)
  for kernels in variants { #expect(kernels.fusesFirstStage(c.geometry, c.shape)) }
  let separate = stage.run(variants[0], fused: false)
  func wide(_ values: [Float]) -> [Double] { values.map(Double.init) }
  check(
    "first stage", tolerance: 1e-5,
    expected: [
      "s": wide(separate.s), "moments": wide(separate.moments), "weights": wide(separate.weights),
      "bias": wide(separate.bias),
    ]
  ) { stage.run($0, fused: true).all }
}

/// A bias enters the fused pass earlier, and is rounded with other partial sums.
@Test(arguments: FirstStageCase.all.filter { !$0.bias })
func fusedFirstStageKeepsTheBitsOfItsOutput(_ c: FirstStageCase) {
  let stage = FirstStage(c)
  for kernels in variants {
    let (fused, separate) = (stage.run(kernels, fused: true), stage.run(kernels, fused: false))
    #expect(separate.s.allSatisfy { $0.isFinite })
    #expect(
      fused.s.map(\.bitPattern) == separate.s.map(\.bitPattern),
      "\(kernels.instructionSet.rawValue)")
  }
}

/// One rounding of the bias apart, on the scale of the outputs alone.
@Test(arguments: FirstStageCase.all.filter(\.bias))
func fusedFirstStageIsWithinRoundingOfItsOutput(_ c: FirstStageCase) {
  let stage = FirstStage(c)
  for kernels in variants {
    let separate = stage.run(kernels, fused: false).s.map(Double.init)
    let error = relativeError(stage.run(kernels, fused: true).s, separate)
    #expect(error <= 5e-7, "\(kernels.instructionSet.rawValue)")
  }
}

@Test func onlySuitableUnitsAreFused() {
  let suitable = FirstStageCase(channels: 16, height: 28, width: 28)
  var wrong: [(ConvGeometry, ActivationShape)] = []
  for change: (inout ConvGeometry, inout ActivationShape) -> Void in [
    { g, _ in g.planeChannels = 0 }, { g, _ in g.kernelHeight = 5 },
    { g, _ in g.padding = Edges(0) },
    { g, _ in g.inputHeight = 27 }, { g, _ in g.inputWidth = 27 }, { _, s in s.window = 1 },
    { _, s in s.window = 3 }, { g, _ in g.inputWidth = 14 }, { g, _ in g.inputWidth = 34 },
  ] {
    var geometry = suitable.geometry
    var shape = suitable.shape
    change(&geometry, &shape)
    wrong.append((geometry, shape))
  }
  for kernels in variants {
    for (geometry, shape) in wrong { #expect(!kernels.fusesFirstStage(geometry, shape)) }
  }
}
