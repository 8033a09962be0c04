// The table of entry points of one instruction set.
// The same source under each target's flags: one arithmetic, several tile shapes.
import PTrainKernelTypes

/// Kernels of the instruction set that this module was compiled for.
package struct VariantKernels: KernelSet {
  package init() {}

  package var instructionSet: InstructionSet {
    #if KERNELS_AVX512
      .avx512
    #elseif KERNELS_AVX2
      .avx2
    #elseif arch(arm64)
      .neon
    #else
      .baseline
    #endif
  }
}

extension VariantKernels {
  package func activate(
    _ shape: ActivationShape, _ constants: ChannelConstants, z: MutableFloatPointer,
    moments: MutableFloatPointer?
  ) {
    Activate.run(shape, constants, z: z, moments: moments)
  }

  package func pool(
    _ shape: ActivationShape, _ constants: ChannelConstants, z: FloatPointer,
    s: MutableFloatPointer
  ) {
    Pool.run(shape, constants, z: z, s: s)
  }

  package func addInput(
    _ shape: ActivationShape, _ constants: ChannelConstants, s: FloatPointer,
    x: MutableFloatPointer
  ) {
    ViewSum.run(shape, constants, s: s, x: x)
  }

  package func prepareInput(
    _ shape: ActivationShape, _ constants: ChannelConstants, s: FloatPointer,
    mask: FloatPointer?, padding: Edges, x: MutableFloatPointer
  ) {
    PrepareInput.run(shape, constants, s: s, mask: mask, padding: padding, x: x)
  }

  package func averagePool(
    _ shape: ActivationShape, _ constants: ChannelConstants, s: FloatPointer,
    means: MutableFloatPointer, blockStride: Int
  ) {
    AveragePool.run(shape, constants, s: s, means: means, blockStride: blockStride)
  }

  package func inputGradient(
    _ shape: ActivationShape, _ constants: ChannelConstants, s: FloatPointer,
    mask: FloatPointer?, dx: FloatPointer, dy: MutableFloatPointer, sums: MutableFloatPointer,
    accumulates: Bool
  ) {
    InputGradient.run(
      shape, constants, s: s, mask: mask, dx: dx, dy: dy, sums: sums, accumulates: accumulates)
  }

  package func averagePoolGradient(
    _ shape: ActivationShape, _ constants: ChannelConstants, s: FloatPointer,
    dMeans: FloatPointer, blockStride: Int, dy: MutableFloatPointer, sums: MutableFloatPointer,
    accumulates: Bool
  ) {
    AveragePool.gradient(
      shape, constants, s: s, dMeans: dMeans, blockStride: blockStride, dy: dy, sums: sums,
      accumulates: accumulates)
  }

  package func outputGradient(
    _ shape: ActivationShape, _ constants: ChannelConstants, _ factors: GradientFactors,
    _ geometry: ConvGeometry, z: FloatPointer, s: FloatPointer, dy: FloatPointer,
    dz: MutableFloatPointer, biasGradient: MutableFloatPointer
  ) {
    OutputGradient.run(
      shape, constants, factors, geometry, z: z, s: s, dy: dy, dz: dz, biasGradient: biasGradient)
  }
}

extension VariantKernels {
  package func treeSum(
    slots: FloatPointer, stride: Int, slotCount: Int, count: Int, result: MutableFloatPointer
  ) {
    TreeSum.run(slots: slots, stride: stride, slotCount: slotCount, count: count, result: result)
  }

  package func momentTree(
    slots: FloatPointer, stride: Int, slotCount: Int, blocks: Int, result: MutableFloatPointer
  ) {
    TreeSum.run(
      slots: slots, stride: stride, slotCount: slotCount, blocks: blocks, result: result)
  }

  package func adam(
    _ step: AdamStep, rows: FloatRows, gradient: FloatPointer, parameters: MutableFloatPointer,
    mean: MutableFloatPointer, variance: MutableFloatPointer
  ) {
    Adam.run(
      step, rows, gradient: gradient, parameters: parameters, mean: mean,
      variance: variance)
  }

  package func sgd(
    _ step: SGDStep, rows: FloatRows, gradient: FloatPointer, parameters: MutableFloatPointer,
    velocity: MutableFloatPointer
  ) {
    SGD.run(
      step, rows, gradient: gradient, parameters: parameters, velocity: velocity)
  }

  package func newtonSchulz(
    _ pass: NewtonSchulzPass, part: Int, _ matrix: IteratedMatrix, _ polynomial: OddPolynomial,
    iteration: Int, work: MutableFloatPointer
  ) {
    NewtonSchulz.run(pass, part: part, matrix, polynomial, iteration: iteration, work: work)
  }

  package func matrixColumns(
    _ matrix: IteratedMatrix, rows: FloatPointer, columns: MutableFloatPointer
  ) {
    NewtonSchulz.toColumns(matrix, rows: rows, columns: columns)
  }

  package func matrixRows(
    _ matrix: IteratedMatrix, columns: FloatPointer, rows: MutableFloatPointer
  ) {
    NewtonSchulz.toRows(matrix, columns: columns, rows: rows)
  }

  package func dropoutBits(
    _ source: MaskSource, rate: Float, count: Int, bits: UnsafeMutablePointer<UInt32>
  ) {
    DropoutMask.draw(source, rate: rate, count: count, bits: bits)
  }

  package func dropoutMask(
    bits: UnsafePointer<UInt32>, rate: Float, count: Int, mask: MutableFloatPointer
  ) {
    DropoutMask.expand(bits, rate: rate, count: count, mask: mask)
  }

  package func normalize(
    _ image: ImageShape, padding: Edges, pixels: UnsafePointer<UInt8>, gains: FloatPointer,
    offsets: FloatPointer, plane: MutableFloatPointer
  ) {
    Normalize.run(
      image, padding: padding, pixels: pixels, gains: gains, offsets: offsets, plane: plane)
  }

  package func crossEntropy(
    rows: Int, classes: Int, logits: FloatPointer, labels: UnsafePointer<UInt16>,
    labelSmoothing: Float, gradientScale: Float, losses: MutableFloatPointer,
    correct: UnsafeMutablePointer<UInt16>, gradient: MutableFloatPointer?
  ) {
    CrossEntropy.run(
      LogitRows(logits: logits, rows: rows, classes: classes), labels: labels,
      labelSmoothing: labelSmoothing, gradientScale: gradientScale, losses: losses,
      correct: correct, gradient: gradient)
  }
}
