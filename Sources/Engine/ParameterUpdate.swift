// From shard slots to new parameters: reduction, optimizer, and packing for the kernels.
// Work is cut by ranges of the block, so every value has one writer.

import KernelTypes
import Networks

extension Executor {
  /// Moves a unit's summed gradient into the block; BN's is there already.
  func unpackGradient(_ index: Int, _ block: ParameterBlock) {
    let state = states[index]
    kernels.convUnpackWeightGradient(
      state.unit.geometry, weightGradient: state.sums + state.slotLayout.weightGradient.lowerBound,
      result: block.gradient(plan.tensors[index].weight))
    if let bias = plan.tensors[index].bias {
      block.gradient(bias).update(
        from: state.sums + state.slotLayout.biasGradient.lowerBound, count: bias.count)
    }
  }

  /// One optimizer step on a unit's parameters.
  func update(_ index: Int, _ block: ParameterBlock, _ step: OptimizerStep) {
    let tensors = plan.tensors[index]
    apply(step, to: tensors.weight, block)
    if let bias = tensors.bias { apply(step, to: bias, block) }
    if let batchNorm = tensors.batchNorm {
      apply(step, to: batchNorm.scale, block)
      apply(step, to: batchNorm.shift, block)
    }
  }

  private func apply(_ step: OptimizerStep, to tensor: StateTensor, _ block: ParameterBlock) {
    let isDecayed = tensor.isDecayed
    switch step {
    case .adam(var step):
      if !isDecayed { step.decay = 0 }
      kernels.adam(
        step, count: tensor.count, gradient: block.gradient(tensor),
        parameters: block.values(tensor), mean: block.firstMoment + tensor.offset,
        variance: block.secondMoment + tensor.offset)
    case .sgd(var step):
      if !isDecayed { step.weightDecay = 0 }
      kernels.sgd(
        step, count: tensor.count, gradient: block.gradient(tensor),
        parameters: block.values(tensor), velocity: block.firstMoment + tensor.offset)
    }
  }

  /// Hands a unit's parameters to the kernels in the form they read.
  func pack(_ index: Int, _ block: ParameterBlock) {
    let state = states[index]
    let tensors = plan.tensors[index]
    kernels.convPackWeights(
      state.unit.geometry, weights: block.values(tensors.weight), forward: state.forwardWeights,
      backward: state.backwardWeights)
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
