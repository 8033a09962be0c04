// The output gradient made inside a Winograd convolution's backward pass, against the two passes.
// Every tile height, images beside each other, windows, ReLU, and what is not to be fused.
import PTrainKernelTypes
import Testing

struct GradientStripsCase: CustomTestStringConvertible, Sendable {
  var input: Int
  var output: Int
  var height: Int
  var width: Int
  var window = 1
  var relu = false
  var images = 1

  var testDescription: String {
    "\(input)->\(output) \(height)x\(width)/\(window) relu \(relu) n\(images)"
  }

  static let all: [GradientStripsCase] = [
    .init(input: 16, output: 16, height: 28, width: 28, window: 2),
    .init(input: 16, output: 40, height: 14, width: 14, window: 2, relu: true, images: 2),
    .init(input: 24, output: 32, height: 7, width: 7, images: 4),
    .init(input: 16, output: 16, height: 5, width: 6, relu: true, images: 2),
    .init(input: 8, output: 20, height: 4, width: 11),
    .init(input: 16, output: 9, height: 6, width: 10, window: 2, images: 2),
  ]

  var geometry: ConvGeometry {
    ConvGeometry(
      inputChannels: input, outputChannels: output, inputHeight: height, inputWidth: width,
      kernel: 3, stride: 1, padding: 1)
  }
  var shape: ActivationShape {
    ActivationShape(
      blocks: channelBlocks(output), height: height, width: width, window: window)
  }
}

/// Operands of a case, and both ways through it.
private struct StripsOperands {
  let c: GradientStripsCase
  let x: Floats
  let z: Floats
  let s: Floats
  let dy: Floats
  let channels: [Floats]
  let weights: Floats

  init(_ c: GradientStripsCase, _ kernels: any KernelSet) {
    self.c = c
    x = Floats(random: c.images * c.geometry.inputCount, seed: 1)
    z = Floats(random: c.images * c.shape.count, seed: 2)
    dy = Floats(random: c.images * c.shape.pooledCount, seed: 3)
    channels = (4..<8).map { Floats(random: c.shape.blocks * 16, seed: UInt64($0)) }
    let geometry = c.geometry
    let random = Floats(random: 9 * c.input * c.output, seed: 8)
    let sizes = kernels.convStorage(geometry)
    weights = Floats(sizes.backwardWeights)
    let forward = Floats(sizes.forwardWeights)
    for tile in geometry.weightTiles {
      kernels.convPackWeights(
        geometry, tile, weights: random.read, forward: forward.pointer, backward: weights.pointer)
    }
    s = c.window == 1 ? z : Floats(c.images * c.shape.pooledCount, fill: .nan)
    guard c.window > 1 else { return }
    for image in 0..<c.images {
      kernels.pool(
        c.shape, constants, z: z.read + image * c.shape.count,
        s: s.pointer + image * c.shape.pooledCount)
    }
  }

  var constants: ChannelConstants {
    ChannelConstants(
      bias: nil, scale: channels[3].read, shift: channels[3].read,
      mean: channels[3].read, reluBefore: c.relu, after: .identity)
  }
  var factors: GradientFactors {
    GradientFactors(gain: channels[0].read, k0: channels[1].read, k1: channels[2].read)
  }

  /// `dx`, the accumulated weight gradient and the bias gradient.
  func run(_ kernels: any KernelSet, fused: Bool) -> [Float] {
    let g = c.geometry
    let sizes = kernels.convStorage(g)
    let dx = Floats(c.images * g.inputGradientCount, fill: .nan)
    let accumulator = Floats(sizes.accumulator)
    let bias = Floats(c.shape.blocks * 16, fill: 0.25)
    let scratch = Floats(sizes.scratch, fill: .nan)
    if fused {
      kernels.convBackward(
        g, c.shape, constants, factors, imageCount: c.images, leaves: .one, x: x.read,
        operands: GradientOperands(z: z.read, s: s.read, dy: dy.read),
        biasGradient: bias.pointer, weights: weights.read, accumulator: accumulator.pointer,
        dx: dx.pointer, scratch: scratch.pointer)
    } else {
      let dz = Floats(c.images * g.outputGradientCount, fill: .nan)
      for image in 0..<c.images {
        let pooled = image * c.shape.pooledCount
        kernels.outputGradient(
          c.shape, constants, factors, g, z: z.read + image * c.shape.count, s: s.read + pooled,
          dy: dy.read + pooled, dz: dz.pointer + image * g.outputGradientCount,
          biasGradient: bias.pointer)
      }
      kernels.convBackward(
        g, imageCount: c.images, leaves: .one, x: x.read, dz: dz.read, weights: weights.read,
        accumulator: accumulator.pointer, dx: dx.pointer, scratch: scratch.pointer)
    }
    return dx.values + accumulator.values + bias.values
  }
}

@Test(arguments: GradientStripsCase.all)
func gradientStripsKeepTheBits(_ c: GradientStripsCase) {
  for kernels in variants {
    #expect(kernels.fusesOutputGradient(c.geometry, c.shape))
    #expect(c.images <= kernels.convStorage(c.geometry).imageGroup)
    let operands = StripsOperands(c, kernels)
    let (fused, separate) = (
      operands.run(kernels, fused: true), operands.run(kernels, fused: false)
    )
    #expect(separate.allSatisfy { $0.isFinite })
    #expect(
      fused.map(\.bitPattern) == separate.map(\.bitPattern), "\(kernels.instructionSet.rawValue)")
  }
}

@Test func onlyWholeWindowsOfWinogradAreFused() {
  let suitable = GradientStripsCase(input: 16, output: 16, height: 12, width: 12, window: 2)
  for change: (inout ConvGeometry, inout ActivationShape) -> Void in [
    { g, _ in g.kernelWidth = 5 }, { g, _ in g.inputChannels = 7 }, { _, s in s.window = 3 },
    { _, s in s.height = 11 }, { _, s in s.width = 11 },
  ] {
    var geometry = suitable.geometry
    var shape = suitable.shape
    change(&geometry, &shape)
    for kernels in variants { #expect(!kernels.fusesOutputGradient(geometry, shape)) }
  }
}
