// From summed gradients to new parameters: optimizer, and packing for the kernels.
// Work is cut by tiles of 16 x 16 channels, so every value has one writer and every layer many.

import PTrainKernelTypes
import PTrainNetworks

/// A part of the update that touches no other part's values.
struct UpdatePart: Equatable, Sendable {
  enum Weights: Equatable, Sendable {
    case none
    case tile(WeightTile)
    /// A block of a depthwise convolution's channels.
    case channels(WindowGeometry, block: Int)
  }

  let stage: Int
  let weights: Weights
  /// Whether the stage's vectors (bias, BN) are part of it.
  let hasVectors: Bool

  static func parts(_ stages: [Stage]) -> [UpdatePart] {
    stages.enumerated().flatMap { index, stage in
      stage.updateWeights.enumerated().map { position, weights in
        UpdatePart(stage: index, weights: weights, hasVectors: position == 0)
      }
    }
  }
}

extension Stage {
  /// One entry a part.
  fileprivate var updateWeights: [UpdatePart.Weights] {
    if hasTiles { return geometry.weightTiles.map { .tile($0) } }
    if case .depthwise(let window) = work {
      return (0..<window.blocks).map { .channels(window, block: $0) }
    }
    return value.view.hasNorm ? [.none] : []
  }
}

extension Executor {
  /// One optimizer step on a part, from the summed gradients to packed weights.
  func update(_ part: UpdatePart, _ block: ParameterBlock, _ step: OptimizerStep) {
    gatherGradient(part, block)
    if let weight = plan.tensors[part.stage].weight {
      forEachWeights(of: part) { first, rows in
        apply(step, to: weight, from: first, rows, block)
      }
    }
    updateRest(part, block, step)
  }

  /// What comes before the step on weights: the part's summed weight gradient to its place in the block.
  func gatherGradient(_ part: UpdatePart, _ block: ParameterBlock) {
    guard let weight = plan.tensors[part.stage].weight else { return }
    unpack(part, states[part.stage], block.gradient(weight))
  }

  /// What comes behind it: vectors, the average, and packing.
  func updateRest(_ part: UpdatePart, _ block: ParameterBlock, _ step: OptimizerStep) {
    if part.hasVectors {
      updateVectors(states[part.stage], plan.tensors[part.stage], block, step)
    }
    if let share = step.averageShare { moveAverage(of: part, by: share, block) }
    pack(part, block)
  }

  private func unpack(_ part: UpdatePart, _ state: StageState, _ result: MutableFloatPointer) {
    let gradient = state.sums + state.slotLayout.weightGradient.lowerBound
    switch part.weights {
    case .none: break
    // An affine stage's gradient is in the block already.
    case .tile where state.isAffine: break
    case .tile(let tile):
      kernels.convUnpackWeightGradient(
        state.stage.geometry, tile, weightGradient: gradient, result: result)
    case .channels(let window, let block):
      kernels.depthwiseUnpackGradient(
        window, channels: state.stage.value.channels, block: block, gradient: gradient,
        result: result)
    }
  }

  /// A part's weights, wherever they stand in their tensor: `first` counts from its beginning.
  private func forEachWeights(
    of part: UpdatePart, _ body: (_ first: Int, _ rows: FloatRows) -> Void
  ) {
    let stage = states[part.stage].stage
    switch part.weights {
    case .none: break
    case .tile(let tile):
      let geometry = stage.geometry
      if geometry.groups == 1 {
        let (first, rows) = geometry.weightRows(of: tile)
        return body(first, rows)
      }
      for output in tile.outputs {
        let (inputs, first) = geometry.weights(of: output, in: tile)
        body(first, .one(inputs.count * geometry.taps))
      }
    case .channels(let window, let index):
      let first = index * channelLanes
      let end = min(first + channelLanes, stage.value.channels)
      body(first * window.taps, .one((end - first) * window.taps))
    }
  }

  private func moveAverage(of part: UpdatePart, by share: Float, _ block: ParameterBlock) {
    let tensors = plan.tensors[part.stage]
    if let weight = tensors.weight {
      forEachWeights(of: part) { first, rows in
        block.moveAverage(by: share, at: weight.offset + first, rows)
      }
    }
    guard part.hasVectors else { return }
    tensors.forEachVector { block.moveAverage(by: share, at: $0.offset, .one($0.count)) }
  }

  private func updateVectors(
    _ state: StageState, _ tensors: StageTensors, _ block: ParameterBlock, _ step: OptimizerStep
  ) {
    if let bias = tensors.bias {
      block.gradient(bias).update(
        from: state.sums + state.slotLayout.biasGradient.lowerBound, count: bias.count)
    }
    // BN's gradient is in the block already.
    tensors.forEachVector { apply(step, to: $0, from: 0, .one($0.count), block) }
  }

  private func apply(
    _ step: OptimizerStep, to tensor: StateTensor, from start: Int, _ rows: FloatRows,
    _ block: ParameterBlock
  ) {
    guard tensor.offset >= frozenCount else { return }
    let isDecayed = tensor.isDecayed
    let first = tensor.offset + start
    switch step[tensor] {
    case .adam(var step):
      if !isDecayed { step.decay = 0 }
      kernels.adam(
        step, rows: rows, gradient: block.gradient + first,
        parameters: block.values + first, mean: block.firstMoment + first,
        variance: block.secondMoment + first)
    case .sgd(var step):
      if !isDecayed { step.weightDecay = 0 }
      kernels.sgd(
        step, rows: rows, gradient: block.gradient + first,
        parameters: block.values + first, velocity: block.firstMoment + first)
    case .rule(let rule, let index, let rate):
      for row in 0..<rows.count {
        let piece = block.piece(of: tensor, first + row * rows.stride, rows.length)
        rule.stepFloats(piece, index: index, learningRate: rate)
      }
    }
  }

  /// Makes the 8-bit form of a stage's weights, where stages read that; needs all of the weight.
  func quantizeWeights(of stage: Int, _ block: ParameterBlock) {
    guard let quantizedWeights, let node = plan.nodes[stage].first,
      let weight = plan.tensors[stage].weight
    else { return }
    plan.network.graph.nodes[node].quantizeWeights(
      block.values(weight), to: quantizedWeights + weight.offset)
  }

  /// A weight as stages read it.
  private func seenValues(_ weight: StateTensor, _ block: ParameterBlock) -> FloatPointer {
    FloatPointer((quantizedWeights ?? block.values) + weight.offset)
  }

  /// Hands a part's parameters to the kernels in the form they read.
  func pack(_ part: UpdatePart, _ block: ParameterBlock) {
    let state = states[part.stage]
    let tensors = plan.tensors[part.stage]
    switch part.weights {
    case .none: break
    case .tile(let tile):
      kernels.convPackWeights(
        state.stage.geometry, tile, weights: seenValues(tensors.weight!, block),
        forward: state.forwardWeights, backward: state.backwardWeights)
    case .channels(let window, let index):
      kernels.depthwisePackWeights(
        window, channels: state.stage.value.channels, block: index,
        weights: seenValues(tensors.weight!, block), packed: state.forwardWeights)
    }
    guard part.hasVectors else { return }
    if let bias = tensors.bias {
      state[.bias].update(from: block.values(bias), count: bias.count)
    }
    if let norm = tensors.norm {
      state[.gamma].update(from: block.values(norm.scale), count: norm.scale.count)
    }
  }
}
