// Batch normalisation between phases: from the whole minibatch's sums to per-channel constants.
// Runs on the leader in Double; the sums come from a tree over shards, so they have one order.

import KernelTypes

/// Variance is taken as E[z²] - E[z]²; ε and momentum are the framework convention.
let batchNormEpsilon = 1e-5
let runningMomentum = 0.1

extension Executor {
  /// Forward, from the summed statistics: `scale = γ/σ`, `shift = β - μ·γ/σ` of the minibatch; moves
  /// the running statistics by the share `momentum`.
  func normalizeBatch(
    _ index: Int, _ batch: Minibatch, _ block: ParameterBlock, momentum: Double = runningMomentum
  ) {
    let state = states[index]
    guard let tensors = plan.tensors[index].batchNorm else { return }
    let sums = state.sums + state.slotLayout.forwardSums.lowerBound
    let count = Double(batch.count * state.unit.pixelsPerSample)
    for channel in 0..<state.unit.channels {
      let lane = sumLane(channel)
      let mean = Double(sums[lane]) / count
      let variance = max(Double(sums[lane + channelLanes]) / count - mean * mean, 0)
      setConstants(state, tensors, block, channel, mean: mean, variance: variance)
      move(block.values(tensors.runningMean) + channel, to: mean, momentum)
      // The running variance is the unbiased one; a single value keeps the biased.
      move(
        block.values(tensors.runningVariance) + channel,
        to: count > 1 ? variance * (count / (count - 1)) : variance, momentum)
    }
  }

  /// Constants for the running statistics.
  func normalizeByRunningStatistics(_ index: Int, _ block: ParameterBlock) {
    let state = states[index]
    guard let tensors = plan.tensors[index].batchNorm else { return }
    for channel in 0..<state.unit.channels {
      setConstants(
        state, tensors, block, channel,
        mean: Double(block.values(tensors.runningMean)[channel]),
        variance: Double(block.values(tensors.runningVariance)[channel]))
    }
  }

  /// Backward, from the summed gradients: `dγ = (Σdy·z - μ·Σdy)/σ`, `dβ = Σdy`, and with them the factors of
  /// `dz = γ/σ · (dy - dβ/m - (z - μ)/σ · dγ/m)` over `m` positions (Ioffe & Szegedy 2015).
  func differentiateBatch(_ index: Int, _ batch: Minibatch, _ block: ParameterBlock) {
    let state = states[index]
    guard let tensors = plan.tensors[index].batchNorm else { return }
    let sums = state.sums + state.slotLayout.backwardSums.lowerBound
    let count = Double(batch.count * state.unit.pixelsPerSample)
    for channel in 0..<state.unit.channels {
      let lane = sumLane(channel)
      let mean = Double(state[.mean][channel])
      let inverse = Double(state[.inverseDeviation][channel])
      let shiftGradient = Double(sums[lane])
      let scaleGradient = inverse * (Double(sums[lane + channelLanes]) - mean * shiftGradient)
      block.gradient(tensors.scale)[channel] = Float(scaleGradient)
      block.gradient(tensors.shift)[channel] = Float(shiftGradient)
      let gain = Double(block.values(tensors.scale)[channel]) * inverse
      state[.gain][channel] = Float(gain)
      state[.k0][channel] = Float(gain * (mean * inverse * scaleGradient - shiftGradient) / count)
      state[.k1][channel] = Float(-gain * inverse * scaleGradient / count)
    }
  }

  private func setConstants(
    _ state: UnitState, _ tensors: BatchNormTensors, _ block: ParameterBlock, _ channel: Int,
    mean: Double, variance: Double
  ) {
    let inverse = 1 / (variance + batchNormEpsilon).squareRoot()
    let scale = Double(block.values(tensors.scale)[channel]) * inverse
    state[.mean][channel] = Float(mean)
    state[.inverseDeviation][channel] = Float(inverse)
    state[.scale][channel] = Float(scale)
    state[.shift][channel] = Float(Double(block.values(tensors.shift)[channel]) - mean * scale)
  }
}

/// Place of a channel's first sum in `[blocks, 2, 16]`; the second stands 16 lanes behind.
private func sumLane(_ channel: Int) -> Int {
  channel / channelLanes * 2 * channelLanes + channel % channelLanes
}

private func move(_ statistic: MutableFloatPointer, to value: Double, _ momentum: Double) {
  statistic.pointee = Float((1 - momentum) * Double(statistic.pointee) + momentum * value)
}
