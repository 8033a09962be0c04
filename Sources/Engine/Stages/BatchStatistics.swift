// Batch normalisation between phases: from the whole minibatch's sums to per-channel constants.
// Runs on the leader in Double; the sums come from a tree over shards, so they have one order.

import PTrainKernelTypes

extension Executor {
  /// Forward, from the summed statistics: `scale = γ/σ`, `shift = β - μ·γ/σ` of the minibatch; moves
  /// the running statistics by the share `momentum`, nil: the layer's own.
  func normalizeBatch(
    _ index: Int, _ batch: Minibatch, _ block: ParameterBlock, momentum: Double? = nil
  ) {
    let state = states[index]
    guard let tensors = plan.tensors[index].norm else { return }
    let momentum = momentum ?? tensors.momentum
    let count = Double(batch.count * state.stage.value.pixels)
    forEachChannel(index, block, count) { channel, mean, variance in
      setConstants(state, tensors, block, channel, mean: mean, variance: variance)
      move(block.values(tensors.runningMean) + channel, to: mean, momentum)
      // The running variance is the unbiased one; a single value tells nothing of it.
      guard count > 1 else { return }
      move(
        block.values(tensors.runningVariance) + channel, to: variance * (count / (count - 1)),
        momentum)
    }
  }

  /// Calls `body` with mean and biased variance of each channel over the minibatch.
  private func forEachChannel(
    _ index: Int, _ block: ParameterBlock, _ count: Double,
    _ body: (_ channel: Int, _ mean: Double, _ variance: Double) -> Void
  ) {
    let state = states[index]
    let statistics = state.sums + state.slotLayout.statistics.lowerBound
    guard !state.isAffine else {
      let weights = block.values(plan.tensors[index].weight!)
      WindowMoments.with(statistics) { moments in
        for channel in 0..<state.stage.value.channels {
          let (sum, squares) = moments.outputSums(weights + channel * WindowMoments.taps)
          let mean = sum / count
          body(channel, mean, max(squares / count - mean * mean, 0))
        }
      }
      return
    }
    for channel in 0..<state.stage.value.channels {
      let place = BatchMoments.mean(of: channel)
      let deviations = Double(statistics[place + channelLanes])
      body(channel, Double(statistics[place]), max(deviations / count, 0))
    }
  }

  /// Whether a stage's norm is frozen: it uses its running statistics in training too, and what goes back
  /// through it reaches nothing that is trained.
  func keepsStatistics(_ index: Int) -> Bool {
    plan.tensors[index].norm.map { $0.scale.offset < frozenCount } ?? false
  }

  /// Constants for the running statistics.
  func normalizeByRunningStatistics(_ index: Int, _ block: ParameterBlock) {
    let state = states[index]
    guard let tensors = plan.tensors[index].norm else { return }
    for channel in 0..<state.stage.value.channels {
      setConstants(
        state, tensors, block, channel,
        mean: Double(block.values(tensors.runningMean)[channel]),
        variance: Double(block.values(tensors.runningVariance)[channel]))
    }
  }

  /// Backward, from the summed gradients, to BN's own and the factors of `dz`.
  func differentiateBatch(_ index: Int, _ batch: Minibatch, _ block: ParameterBlock) {
    let state = states[index]
    guard let tensors = plan.tensors[index].norm else { return }
    let sums = state.sums + state.slotLayout.backwardSums.lowerBound
    let count = Double(batch.count * state.stage.value.pixels)
    for channel in 0..<state.stage.value.channels {
      let lane = sumLane(channel)
      let factors = differentiate(
        state, tensors, block, channel, sum: Double(sums[lane]),
        centeredSum: Double(sums[lane + channelLanes]), count: count)
      state[.gain][channel] = Float(factors.gain)
      state[.k0][channel] = Float(factors.k0)
      state[.k1][channel] = Float(factors.k1)
    }
  }

  /// `dγ = Σdy·(z - μ)/σ`, `dβ = Σdy`, and with them the factors of
  /// `dz = γ/σ · (dy - dβ/m - (z - μ)/σ · dγ/m)` over `m` positions (Ioffe & Szegedy 2015).
  func differentiate(
    _ state: StageState, _ tensors: NormTensors, _ block: ParameterBlock, _ channel: Int,
    sum shiftGradient: Double, centeredSum: Double, count: Double
  ) -> (gain: Double, k0: Double, k1: Double) {
    let mean = Double(state[.mean][channel])
    let inverse = Double(state[.inverseDeviation][channel])
    let scaleGradient = inverse * centeredSum
    block.gradient(tensors.scale)[channel] = Float(scaleGradient)
    block.gradient(tensors.shift)[channel] = Float(shiftGradient)
    let gain = Double(block.values(tensors.scale)[channel]) * inverse
    return (
      gain, gain * (mean * inverse * scaleGradient - shiftGradient) / count,
      -gain * inverse * scaleGradient / count
    )
  }

  private func setConstants(
    _ state: StageState, _ tensors: NormTensors, _ block: ParameterBlock, _ channel: Int,
    mean: Double, variance: Double
  ) {
    let inverse = 1 / (variance + tensors.epsilon).squareRoot()
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
