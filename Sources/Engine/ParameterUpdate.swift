// From summed gradients to new parameters: optimizer, and packing for the kernels.
// Work is cut by tiles of 16 x 16 channels, so every value has one writer and every layer many.

import KernelTypes
import Networks

/// A part of the update that touches no other part's values.
struct UpdatePart: Sendable {
  let unit: Int
  let tile: WeightTile
  /// Whether the unit's vectors (bias, BN) are part of it.
  let hasVectors: Bool

  static func parts(_ units: [Unit]) -> [UpdatePart] {
    units.enumerated().flatMap { index, unit in
      unit.geometry.weightTiles.enumerated().map { position, tile in
        UpdatePart(unit: index, tile: tile, hasVectors: position == 0)
      }
    }
  }
}

extension Executor {
  /// One optimizer step on a part, from the summed gradients to packed weights.
  func update(_ part: UpdatePart, _ block: ParameterBlock, _ step: OptimizerStep) {
    let state = states[part.unit]
    let tensors = plan.tensors[part.unit]
    // An affine unit's gradient is in the block already.
    if !state.isAffine {
      kernels.convUnpackWeightGradient(
        state.unit.geometry, part.tile,
        weightGradient: state.sums + state.slotLayout.weightGradient.lowerBound,
        result: block.gradient(tensors.weight))
    }
    let geometry = state.unit.geometry
    let taps = geometry.kernel * geometry.kernel
    let inputs = part.tile.inputs
    for output in part.tile.outputs {
      let first = (output * geometry.inputChannels + inputs.lowerBound) * taps
      apply(step, to: tensors.weight, first..<first + inputs.count * taps, block)
    }
    if part.hasVectors { updateVectors(state, tensors, block, step) }
    pack(part, block)
  }

  private func updateVectors(
    _ state: UnitState, _ tensors: UnitTensors, _ block: ParameterBlock, _ step: OptimizerStep
  ) {
    if let bias = tensors.bias {
      block.gradient(bias).update(
        from: state.sums + state.slotLayout.biasGradient.lowerBound, count: bias.count)
      apply(step, to: bias, 0..<bias.count, block)
    }
    // BN's gradient is in the block already.
    if let batchNorm = tensors.batchNorm {
      apply(step, to: batchNorm.scale, 0..<batchNorm.scale.count, block)
      apply(step, to: batchNorm.shift, 0..<batchNorm.shift.count, block)
    }
  }

  private func apply(
    _ step: OptimizerStep, to tensor: StateTensor, _ range: Range<Int>, _ block: ParameterBlock
  ) {
    let isDecayed = tensor.isDecayed
    let first = tensor.offset + range.lowerBound
    switch step {
    case .adam(var step):
      if !isDecayed { step.decay = 0 }
      kernels.adam(
        step, count: range.count, gradient: block.gradient + first,
        parameters: block.values + first, mean: block.firstMoment + first,
        variance: block.secondMoment + first)
    case .sgd(var step):
      if !isDecayed { step.weightDecay = 0 }
      kernels.sgd(
        step, count: range.count, gradient: block.gradient + first,
        parameters: block.values + first, velocity: block.firstMoment + first)
    }
  }

  /// Hands a part's parameters to the kernels in the form they read.
  func pack(_ part: UpdatePart, _ block: ParameterBlock) {
    let state = states[part.unit]
    let tensors = plan.tensors[part.unit]
    kernels.convPackWeights(
      state.unit.geometry, part.tile, weights: block.values(tensors.weight),
      forward: state.forwardWeights, backward: state.backwardWeights)
    guard part.hasVectors else { return }
    if let bias = tensors.bias {
      state[.bias].update(from: block.values(bias), count: bias.count)
    }
    if let batchNorm = tensors.batchNorm {
      state[.gamma].update(from: block.values(batchNorm.scale), count: batchNorm.scale.count)
    } else {
      state[.scale].update(repeating: 1, count: state.unit.channels)
      state[.gain].update(repeating: 1, count: state.unit.channels)
    }
  }
}
