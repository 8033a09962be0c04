// The first stage where its output is affine in the image up to a last ReLU: conv, BN, ReLU.
// Forward it only sums moments of the images; its reader makes it from the image whenever it reads
// it, and turns its own input gradient straight into this stage's weight gradient.
// Its variance is a quadratic form of sums in Float, off by up to two units in the last place of
// (Σ|w|)²·E[x²], the largest that such weights could give: behind second differences of smooth images
// 0.5 % of a variance of 4e-4 (SmoothImageTests).

import PTrainKernelTypes
import PTrainNetworks

extension Executor {
  /// The forward pass: moments of the shard's images, by leaf.
  func sumImageMoments(_ state: StageState, _ task: ShardTask) {
    guard task.mode.readsTrainingImages else { return }
    for place in task.places {
      loadImage(place, task, padding: state.stage.geometry.padding, to: task.scratch.x)
      kernels.imageMoments(
        state.stage.geometry, x: task.scratch.x, sums: state.statistics(place),
        scratch: task.scratch.conv)
    }
  }

  /// Fills the worker's `x` with the stage's outputs, and the first places of `z` with its images.
  func prepareAffineInput(
    _ stage: Stage, _ source: StageState, _ places: Range<Int>, _ task: ShardTask
  ) {
    let geometry = source.stage.geometry
    for (image, place) in places.enumerated() {
      let plane = task.scratch.z + image * geometry.inputCount
      loadImage(place, task, padding: geometry.padding, to: plane)
      kernels.affineStageForward(
        geometry, source.consumerConstants, x: plane, weights: source.forwardWeights,
        padding: stage.geometry.padding.top, y: task.scratch.x + image * stage.geometry.inputCount,
        scratch: task.scratch.conv)
    }
  }

  /// The backward pass but for what needs the whole minibatch, after `prepareAffineInput`.
  func returnAffineGradient(
    _ stage: Stage, _ source: StageState, _ places: Range<Int>, _ task: ShardTask
  ) {
    let geometry = source.stage.geometry
    for (image, place) in places.enumerated() {
      let slot = source.slot(place)
      kernels.affineStageBackward(
        geometry, x: task.scratch.z + image * geometry.inputCount,
        padding: stage.geometry.padding.top, y: task.scratch.x + image * stage.geometry.inputCount,
        dy: task.scratch.dx + image * stage.geometry.inputGradientCount,
        weightGradient: slot + source.slotLayout.weightGradient.lowerBound,
        sums: slot + source.slotLayout.biasGradient.lowerBound, scratch: task.scratch.conv)
    }
  }

  /// From the minibatch's sums to the gradients: with `g` the gated gradient of the output,
  /// `dw = gain·Σxg + k0·Σx + k1·Σxz`, where `Σxz` and `Σgz` follow from `z = w·x`.
  func differentiateAffine(_ index: Int, _ block: ParameterBlock) {
    let state = states[index]
    guard let tensors = plan.tensors[index].norm, let weight = plan.tensors[index].weight
    else { return }
    let layout = state.slotLayout
    let products = state.sums + layout.weightGradient.lowerBound
    WindowMoments.with(state.sums + layout.statistics.lowerBound) { moments in
      let count = moments.imageCount * Double(state.stage.value.pixels)
      for channel in 0..<state.stage.value.channels {
        let weights = block.values(weight) + channel * WindowMoments.taps
        let (blockIndex, lane) = channel.quotientAndRemainder(dividingBy: channelLanes)
        let gated = products + blockIndex * channelLanes * channelLanes + lane
        var sum = 0.0
        for tap in 0..<WindowMoments.taps {
          sum += Double(weights[tap]) * Double(gated[tap * channelLanes])
        }
        let total = Double(state.sums[layout.biasGradient.lowerBound + channel])
        let factors = differentiate(
          state, tensors, block, channel, sum: total,
          centeredSum: sum - Double(state[.mean][channel]) * total, count: count)
        let result = block.gradient(weight) + channel * WindowMoments.taps
        for tap in 0..<WindowMoments.taps {
          let dense = factors.k0 * moments.sums[tap] + factors.k1 * moments.product(tap, weights)
          result[tap] = Float(factors.gain * Double(gated[tap * channelLanes]) + dense)
        }
      }
    }
  }
}
