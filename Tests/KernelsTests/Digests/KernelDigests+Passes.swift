// The rows of element-wise passes, windows and joins.
import PTrainKernelTypes

extension KernelDigests {
  // MARK: Activations

  mutating func addActivations() {
    for window in [1, 2, 3] { addEpilogue(window) }
    for kind in ActivationFunction.Kind.allCases { addView(kind) }
  }

  /// Bias, ReLU, moments, pool, and the gradient through them.
  private mutating func addEpilogue(_ window: Int) {
    let shape = ActivationShape(blocks: 2, height: 7, width: 9, window: window)
    let g = ConvGeometry(
      inputChannels: 32, outputChannels: 32, inputHeight: 7, inputWidth: 9, kernel: 3, stride: 1,
      padding: 1)
    var keep: [Floats] = []
    let constants = constants(2, keep: &keep)
    let factors = factors(2, keep: &keep)
    let (z, dy) = (random(shape.count), random(shape.pooledCount))
    let moments = Floats(BatchMoments.count(blocks: 2))
    kernels.activate(shape, constants, z: z.pointer, moments: moments.pointer)
    let s = Floats(shape.pooledCount)
    if window > 1 { kernels.pool(shape, constants, z: z.read, s: s.pointer) }
    let (dz, bias) = (Floats(g.outputGradientCount), Floats(32))
    kernels.outputGradient(
      shape, constants, factors, g, z: z.read, s: window > 1 ? s.read : z.read, dy: dy.read,
      dz: dz.pointer, biasGradient: bias.pointer)
    let names = ["", "epilogue", "epilogue with pool 2", "epilogue with pool 3"]
    add(names[window], [z, moments, s, dz, bias])
    withExtendedLifetime(keep) {}
  }

  /// What readers see of a value, and the gradient that they hand back.
  private mutating func addView(_ kind: ActivationFunction.Kind) {
    let shape = ActivationShape(blocks: 2, height: 5, width: 6, window: 1)
    var keep: [Floats] = []
    let constants = constants(2, after: ActivationFunction(kind, slope: 0.1), keep: &keep)
    let s = random(shape.count)
    for i in 0..<shape.count { s[i] *= 6 }
    let mask = random(shape.count)
    let x = Floats(2 * 7 * 8 * 16)
    kernels.prepareInput(
      shape, constants, s: s.read, mask: mask.read, padding: Edges(1), x: x.pointer)
    let sum = random(shape.count)
    kernels.addInput(shape, constants, s: s.read, x: sum.pointer)
    let means = Floats(32)
    kernels.averagePool(shape, constants, s: s.read, means: means.pointer, blockStride: 16)
    let (dx, dMeans) = (random(shape.count), random(32))
    let (dy, sums) = (random(shape.count), Floats(2 * 2 * 16))
    kernels.inputGradient(
      shape, constants, s: s.read, mask: nil, dx: dx.read, dy: dy.pointer, sums: sums.pointer,
      accumulates: true)
    kernels.inputGradient(
      shape, constants, s: s.read, mask: mask.read, dx: dx.read, dy: dx.pointer,
      sums: sums.pointer, accumulates: false)
    kernels.averagePoolGradient(
      shape, constants, s: s.read, dMeans: dMeans.read, blockStride: 16, dy: dy.pointer,
      sums: sums.pointer, accumulates: true)
    add(name(of: kind), [x, sum, means, dx, dy, sums])
    withExtendedLifetime(keep) {}
  }

  private func name(of kind: ActivationFunction.Kind) -> String {
    switch kind {
    case .identity: "identity"
    case .relu: "relu"
    case .relu6: "relu6"
    case .sigmoid: "sigmoid"
    case .tanh: "tanh"
    case .silu: "silu"
    case .gelu: "gelu"
    case .hardSwish: "hard swish"
    case .leakyRelu: "leaky relu"
    }
  }

  // MARK: Windows

  mutating func addWindows() {
    func window(_ size: Int, stride: Int, height: Int, width: Int) -> WindowGeometry {
      WindowGeometry(
        blocks: 2, height: height, width: width, windowHeight: size, windowWidth: size,
        verticalStride: stride, horizontalStride: stride, padding: Edges(1))
    }
    addDepthwise("depthwise 3 x 3", window(3, stride: 1, height: 9, width: 7))
    addDepthwise("depthwise 3 x 3, stride 2", window(3, stride: 2, height: 9, width: 12))
    addDepthwise("depthwise 5 x 5", window(5, stride: 1, height: 6, width: 11))
    addPools(window(3, stride: 2, height: 9, width: 8))
  }

  private mutating func addDepthwise(_ name: String, _ g: WindowGeometry) {
    let channels = 27
    let weights = random(channels * g.taps)
    let packed = Floats(g.weightCount)
    for block in 0..<g.blocks {
      kernels.depthwisePackWeights(
        g, channels: channels, block: block, weights: weights.read, packed: packed.pointer)
    }
    let x = random(g.paddedCount)
    let dz = random(g.convolution(channels: channels).outputGradientCount)
    let (z, dx, accumulator) = (
      Floats(g.outputCount), Floats(g.inputCount), Floats(g.weightCount)
    )
    kernels.depthwiseForward(g, x: x.read, weights: packed.read, z: z.pointer)
    kernels.depthwiseBackward(
      g, x: x.read, dz: dz.read, weights: packed.read, accumulator: accumulator.pointer,
      dx: dx.pointer)
    add(name, [z, dx, accumulator])
  }

  private mutating func addPools(_ g: WindowGeometry) {
    let (x, dz) = (random(g.inputCount), random(g.outputCount))
    let (z, dx) = (Floats(g.outputCount), Floats(g.inputCount))
    kernels.maximumForward(g, x: x.read, z: z.pointer)
    kernels.maximumBackward(g, x: x.read, z: z.read, dz: dz.read, dx: dx.pointer)
    add("maximum pool", [z, dx])
    kernels.averageForward(g, x: x.read, z: z.pointer)
    kernels.averageBackward(g, dz: dz.read, dx: dx.pointer)
    add("average pool", [z, dx])
  }

  // MARK: Joins

  mutating func addJoins() {
    let (x, y, factors) = (random(2 * 30 * 16), random(2 * 30 * 16), random(32))
    kernels.add(count: x.count, x.read, to: y.pointer)
    let product = Floats(x.count)
    kernels.multiply(count: x.count, x.read, y.read, product.pointer)
    let scaled = Floats(x.count)
    kernels.scaleChannels(
      blocks: 2, pixels: 30, x: x.read, factors: factors.read, blockStride: 16,
      y: scaled.pointer)
    let products = Floats(32)
    kernels.channelProducts(
      blocks: 2, pixels: 30, x: x.read, y: y.read, result: products.pointer, blockStride: 16)
    let (map, back) = (random(3 * 30 * 16), Floats(2 * 30 * 16))
    kernels.insertChannels(channels: 27, pixels: 30, x: x.read, offset: 5, z: map.pointer)
    kernels.extractChannels(channels: 27, pixels: 30, z: map.read, offset: 11, x: back.pointer)
    add("joins", [y, product, scaled, products, map, back])
  }
}
