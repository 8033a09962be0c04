// The rows of convolutions and of what stands around them.
import PTrainKernelTypes

extension KernelDigests {
  // MARK: Convolutions

  mutating func addConvolutions() {
    func square(
      _ inputs: Int, _ outputs: Int, _ height: Int, _ width: Int, kernel: Int = 3,
      stride: Int = 1, padding: Int = 1, planeChannels: Int? = nil
    ) -> ConvGeometry {
      ConvGeometry(
        inputChannels: inputs, outputChannels: outputs, inputHeight: height, inputWidth: width,
        kernel: kernel, stride: stride, padding: padding, planeChannels: planeChannels)
    }
    add("winograd 17 -> 40, 14 x 13", square(17, 40, 14, 13), images: 1)
    add("winograd 32 -> 16, 7 x 7", square(32, 16, 7, 7), images: 8)
    add("winograd 8 -> 24, 30 x 6", square(8, 24, 30, 6), images: 1)
    add("image 1 -> 20, 28 x 28", square(1, 20, 28, 28), images: 1)
    add("image 3 -> 16, 13 x 14", square(3, 16, 13, 14, planeChannels: 3), images: 1)
    add("image 1 -> 6, 5 x 5", square(1, 6, 28, 28, kernel: 5, padding: 2), images: 1)
    add("few channels 6 -> 16", square(6, 16, 14, 14, kernel: 5, padding: 0), images: 1)
    add("stride 2, 33 -> 40", square(33, 40, 10, 9, stride: 2), images: 1)
    add("1 x 1, 24 -> 70", square(24, 70, 6, 7, kernel: 1, padding: 0), images: 1)
    add("dense 40 -> 10", square(40, 10, 1, 8, kernel: 1, padding: 0), images: 1)
    var other = square(16, 32, 9, 9, padding: 2)
    other.dilation = 2
    other.groups = 2
    add("groups and dilation", other, images: 1)
  }

  private mutating func add(_ name: String, _ g: ConvGeometry, images: Int) {
    let sizes = kernels.convStorage(g)
    let weights = random(g.outputChannels * g.weightRow)
    let (forward, backward) = (Floats(sizes.forwardWeights), Floats(sizes.backwardWeights))
    for tile in g.weightTiles {
      kernels.convPackWeights(
        g, tile, weights: weights.read, forward: forward.pointer,
        backward: g.isPlane ? nil : backward.pointer)
    }
    let x = random(images * g.inputCount)
    let dz = random(images * g.outputGradientCount)
    let z = Floats(images * g.outputCount)
    let dx = Floats(g.isPlane ? 0 : images * g.inputGradientCount)
    let accumulator = Floats(sizes.accumulator)
    let scratch = Floats(sizes.scratch)
    kernels.convForward(
      g, imageCount: images, x: x.read, weights: forward.read, z: z.pointer,
      scratch: scratch.pointer)
    kernels.convBackward(
      g, imageCount: images, leaves: .one, x: x.read, dz: dz.read,
      weights: g.isPlane ? nil : backward.read,
      accumulator: accumulator.pointer, dx: g.isPlane ? nil : dx.pointer,
      scratch: scratch.pointer)
    add(name, [z, dx, weightGradient(g, accumulator)])
  }

  private func weightGradient(_ g: ConvGeometry, _ accumulator: Floats) -> Floats {
    let finished = Floats(kernels.convStorage(g).weightGradient)
    let result = Floats(g.outputChannels * g.weightRow)
    kernels.convFinishWeightGradient(
      g, accumulator: accumulator.pointer, weightGradient: finished.pointer)
    for tile in g.weightTiles {
      kernels.convUnpackWeightGradient(
        g, tile, weightGradient: finished.read, result: result.pointer)
    }
    return result
  }

  // MARK: Fused stages

  mutating func addFusedStages() {
    let first = ConvGeometry(
      inputChannels: 1, outputChannels: 24, inputHeight: 28, inputWidth: 28, kernel: 3, stride: 1,
      padding: 1)
    addFirstStage(
      first, ActivationShape(blocks: 2, height: 28, width: 28, window: 2))
    addAffineStage(first)
    let second = ConvGeometry(
      inputChannels: 16, outputChannels: 32, inputHeight: 14, inputWidth: 14, kernel: 3, stride: 1,
      padding: 1)
    addStrips(
      "gradient strips", second, ActivationShape(blocks: 2, height: 14, width: 14, window: 1))
    addStrips(
      "gradient strips of windows", second,
      ActivationShape(blocks: 2, height: 14, width: 14, window: 2))
  }

  private func packed(_ g: ConvGeometry, _ weights: Floats, isBackward: Bool) -> Floats {
    let sizes = kernels.convStorage(g)
    let (forward, backward) = (Floats(sizes.forwardWeights), Floats(sizes.backwardWeights))
    for tile in g.weightTiles {
      kernels.convPackWeights(
        g, tile, weights: weights.read, forward: forward.pointer,
        backward: isBackward ? backward.pointer : nil)
    }
    return isBackward ? backward : forward
  }

  private mutating func addFirstStage(_ g: ConvGeometry, _ shape: ActivationShape) {
    precondition(kernels.fusesFirstStage(g, shape))
    var keep: [Floats] = []
    let constants = constants(shape.blocks, keep: &keep)
    let factors = factors(shape.blocks, keep: &keep)
    let weights = packed(g, random(g.outputChannels * 9), isBackward: false)
    let (plane, dy) = (random(g.inputCount), random(shape.pooledCount))
    let sizes = kernels.convStorage(g)
    let scratch = Floats(sizes.scratch)
    let s = Floats(shape.pooledCount)
    let moments = Floats(BatchMoments.count(blocks: shape.blocks))
    kernels.firstStageForward(
      g, constants, x: plane.read, weights: weights.read, s: s.pointer, moments: moments.pointer,
      scratch: scratch.pointer)
    let (accumulator, bias) = (Floats(sizes.accumulator), Floats(shape.blocks * 16))
    kernels.firstStageBackward(
      g, constants, factors, x: plane.read, weights: weights.read, dy: dy.read,
      accumulator: accumulator.pointer, biasGradient: bias.pointer, scratch: scratch.pointer)
    add("first stage", [s, moments, bias, weightGradient(g, accumulator)])
    withExtendedLifetime(keep) {}
  }

  private mutating func addAffineStage(_ g: ConvGeometry) {
    precondition(kernels.fusesAffineStage(g))
    var keep: [Floats] = []
    let blocks = g.outputBlocks
    let constants = constants(blocks, bias: false, reluBefore: false, keep: &keep)
    let weights = packed(g, random(g.outputChannels * 9), isBackward: false)
    let (plane, dy) = (random(g.inputCount), random(g.outputCount))
    let scratch = Floats(kernels.convStorage(g).scratch)
    let sums = Floats(ImageMoments.count)
    kernels.imageMoments(g, x: plane.read, sums: sums.pointer, scratch: scratch.pointer)
    let y = Floats(blocks * 30 * 30 * 16)
    kernels.affineStageForward(
      g, constants, x: plane.read, weights: weights.read, padding: 1, y: y.pointer,
      scratch: scratch.pointer)
    let accumulator = Floats(kernels.convStorage(g).accumulator)
    let gradientSums = Floats(blocks * 16)
    kernels.affineStageBackward(
      g, x: plane.read, padding: 1, y: y.read, dy: dy.read, weightGradient: accumulator.pointer,
      sums: gradientSums.pointer, scratch: scratch.pointer)
    add("affine stage", [sums, y, accumulator, gradientSums])
    withExtendedLifetime(keep) {}
  }

  private mutating func addStrips(_ name: String, _ g: ConvGeometry, _ shape: ActivationShape) {
    precondition(kernels.fusesOutputGradient(g, shape))
    var keep: [Floats] = []
    let constants = constants(shape.blocks, keep: &keep)
    let factors = factors(shape.blocks, keep: &keep)
    let sizes = kernels.convStorage(g)
    let weights = packed(g, random(g.outputChannels * g.weightRow), isBackward: true)
    let (x, z, dy) = (random(g.inputCount), random(shape.count), random(shape.pooledCount))
    let s = Floats(shape.pooledCount)
    kernels.pool(shape, constants, z: z.read, s: s.pointer)
    let (accumulator, bias) = (Floats(sizes.accumulator), Floats(shape.blocks * 16))
    let (dx, scratch) = (Floats(g.inputGradientCount), Floats(sizes.scratch))
    kernels.convBackward(
      g, shape, constants, factors, imageCount: 1, leaves: .one, x: x.read,
      operands: GradientOperands(
        z: z.read, s: shape.window > 1 ? s.read : z.read, dy: dy.read),
      biasGradient: bias.pointer, weights: weights.read, accumulator: accumulator.pointer,
      dx: dx.pointer, scratch: scratch.pointer)
    add(name, [dx, bias, weightGradient(g, accumulator)])
    withExtendedLifetime((keep, s)) {}
  }
}
