// The convolution entry points: Winograd where it saves products, direct elsewhere.
// The rule reads the geometry alone, never the clock, so that bits do not depend on a run.
import PTrainKernelTypes

extension VariantKernels {
  package func convStorage(_ geometry: ConvGeometry) -> ConvStorage {
    WinogradPlan.applies(to: geometry)
      ? WinogradPlan.storage(geometry) : DirectConvolution.storage(geometry)
  }

  package func convPackWeights(
    _ geometry: ConvGeometry, _ tile: WeightTile, weights: FloatPointer,
    forward: MutableFloatPointer, backward: MutableFloatPointer?
  ) {
    if WinogradPlan.applies(to: geometry) {
      WinogradPlan.pack(geometry, tile, weights: weights, forward: forward, backward: backward)
    } else {
      DirectConvolution.pack(
        geometry, tile, weights: weights, forward: forward, backward: backward)
    }
  }

  package func convForward(
    _ geometry: ConvGeometry, imageCount: Int, x: FloatPointer, weights: FloatPointer,
    z: MutableFloatPointer, scratch: MutableFloatPointer
  ) {
    if WinogradPlan.applies(to: geometry) {
      WinogradConvolution.forward(
        geometry, imageCount: imageCount, x: x, weights: weights, z: z, scratch: scratch)
      return
    }
    var image = 0
    while image < imageCount {
      let x = x + image * geometry.inputCount
      let z = z + image * geometry.outputCount
      if PlanePlan.applies(to: geometry) {
        PlanePlan(geometry).forward(x: x, weights: weights, z: z, scratch: scratch)
      } else {
        DirectConvolution.forward(geometry, x: x, weights: weights, z: z)
      }
      image += 1
    }
  }

  package func convBackward(
    _ geometry: ConvGeometry, imageCount: Int, leaves: CallLeaves, x: FloatPointer,
    dz: FloatPointer,
    weights: FloatPointer?, accumulator: MutableFloatPointer, dx: MutableFloatPointer?,
    scratch: MutableFloatPointer
  ) {
    if WinogradPlan.applies(to: geometry) {
      WinogradConvolution.backward(
        geometry, imageCount: imageCount, leaves: leaves, x: x, dz: dz, weights: weights,
        accumulator: accumulator, dx: dx, scratch: scratch)
      return
    }
    var image = 0
    while image < imageCount {
      let x = x + image * geometry.inputCount
      let dz = dz + image * geometry.outputGradientCount
      let accumulator = accumulator + image / leaves.imageCount * leaves.accumulatorStride
      if leaves.overwrites && image % leaves.imageCount == 0 {
        clear(accumulator, DirectConvolution.accumulatorCount(geometry))
      }
      if PlanePlan.applies(to: geometry) {
        PlanePlan(geometry).weightGradient(
          x: x, dz: dz, accumulator: accumulator, scratch: scratch)
      } else {
        DirectConvolution.weightGradient(geometry, x: x, dz: dz, gradient: accumulator)
      }
      if let dx, let weights {
        DirectConvolution.inputGradient(
          geometry, dz: dz, weights: weights, dx: dx + image * geometry.inputGradientCount,
          scratch: scratch)
      }
      image += 1
    }
  }

  package func fusesOutputGradient(_ geometry: ConvGeometry, _ shape: ActivationShape) -> Bool {
    GradientStrips.applies(geometry, shape)
  }

  package func convBackward(
    _ geometry: ConvGeometry, _ shape: ActivationShape, _ constants: ChannelConstants,
    _ factors: GradientFactors, imageCount: Int, leaves: CallLeaves, x: FloatPointer,
    operands: GradientOperands, biasGradient: MutableFloatPointer, weights: FloatPointer?,
    accumulator: MutableFloatPointer, dx: MutableFloatPointer?, scratch: MutableFloatPointer
  ) {
    WinogradConvolution.backward(
      geometry, imageCount: imageCount, leaves: leaves, x: x,
      strips: GradientStrips(
        shape: shape, relu: constants.reluBefore, factors: factors, operands: operands,
        leaves: leaves, biasGradient: biasGradient),
      weights: weights, accumulator: accumulator, dx: dx, scratch: scratch)
  }

  package func convFinishWeightGradient(
    _ geometry: ConvGeometry, accumulator: MutableFloatPointer,
    weightGradient: MutableFloatPointer
  ) {
    if WinogradPlan.applies(to: geometry) {
      WinogradPlan.finishGradient(
        geometry, accumulator: accumulator, gradient: weightGradient)
    } else {
      DirectConvolution.finishGradient(
        geometry, accumulator: accumulator, gradient: weightGradient)
    }
  }

  package func convUnpackWeightGradient(
    _ geometry: ConvGeometry, _ tile: WeightTile, weightGradient: FloatPointer,
    result: MutableFloatPointer
  ) {
    if WinogradPlan.applies(to: geometry) {
      WinogradPlan.unpackGradient(geometry, tile, gradient: weightGradient, result: result)
    } else {
      DirectConvolution.unpackGradient(geometry, tile, gradient: weightGradient, result: result)
    }
  }
}

extension VariantKernels {
  package func fusesFirstStage(_ geometry: ConvGeometry, _ shape: ActivationShape) -> Bool {
    FirstStage.applies(geometry, shape)
  }

  package func firstStageForward(
    _ geometry: ConvGeometry, _ constants: ChannelConstants, x: FloatPointer,
    weights: FloatPointer, s: MutableFloatPointer, moments: MutableFloatPointer?,
    scratch: MutableFloatPointer
  ) {
    FirstStage(geometry, constants, x: x, weights: weights, scratch: scratch)
      .forward(s: s, moments: moments)
  }

  package func firstStageBackward(
    _ geometry: ConvGeometry, _ constants: ChannelConstants, _ factors: GradientFactors,
    x: FloatPointer, weights: FloatPointer, dy: FloatPointer, accumulator: MutableFloatPointer,
    biasGradient: MutableFloatPointer, scratch: MutableFloatPointer
  ) {
    FirstStage(geometry, constants, x: x, weights: weights, scratch: scratch)
      .backward(factors, dy: dy, accumulator: accumulator, biasGradient: biasGradient)
  }
}

extension VariantKernels {
  package func fusesAffineStage(_ geometry: ConvGeometry) -> Bool { AffineStage.applies(geometry) }

  package func imageMoments(
    _ geometry: ConvGeometry, x: FloatPointer, sums: MutableFloatPointer,
    scratch: MutableFloatPointer
  ) {
    ImageMomentSums.run(geometry, x: x, sums: sums, scratch: scratch)
  }

  package func affineStageForward(
    _ geometry: ConvGeometry, _ constants: ChannelConstants, x: FloatPointer,
    weights: FloatPointer, padding: Int, y: MutableFloatPointer, scratch: MutableFloatPointer
  ) {
    AffineStage(geometry, x: x, padding: padding, scratch: scratch)
      .forward(constants, weights: weights, y: y)
  }

  package func affineStageBackward(
    _ geometry: ConvGeometry, x: FloatPointer, padding: Int, y: FloatPointer, dy: FloatPointer,
    weightGradient: MutableFloatPointer, sums: MutableFloatPointer, scratch: MutableFloatPointer
  ) {
    AffineStage(geometry, x: x, padding: padding, scratch: scratch)
      .backward(y: y, dy: dy, weightGradient: weightGradient, sums: sums)
  }
}
