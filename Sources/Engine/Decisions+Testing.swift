// Which side of a kink every value fell on in the last step: ReLU masks and the places of maxima.
// A test that compares gradients forces these on the reference; one flipped sign of a value near zero
// would hide everything else.

import Datasets
import KernelTypes

/// The discrete decisions of one unit.
package struct UnitDecisions: Sendable {
  /// `[N, C, H, W]`, empty without ReLU.
  package var reluMask: [Bool] = []
  /// `[N, C, H / window, W / window]` places in `[N, C, H, W]`, empty without max-pooling.
  package var poolPlaces: [Int] = []
}

extension Session {
  /// Decisions of the last minibatch by unit, at its statistics; valid while the parameters are still
  /// those of that step.
  package func decisions(
    _ set: ImageSet, _ normalization: Normalization, order: [UInt32]
  ) throws -> [UnitDecisions] {
    let store = try SampleStore(set, normalization, binding: runner.memory.binding)
    return try pool.lead { [self] in
      var decisions: [UnitDecisions] = []
      forEachMinibatch(of: order, store.source, epoch: 0) { _, batch in
        decisions = runner.executor.states.indices.map { self.decisions($0, batch) }
      }
      return decisions
    }
  }

  private func decisions(_ index: Int, _ batch: Minibatch) -> UnitDecisions {
    let z = activations(index, batch)
    let state = runner.executor.states[index]
    let unit = state.unit
    var decisions = UnitDecisions()
    if unit.reluBefore || unit.reluAfter {
      decisions.reluMask = z.indices.map { place in
        let channel = place / unit.pixelsPerSample % unit.channels
        let scaled = state[.shift][channel].addingProduct(state[.scale][channel], z[place])
        return unit.reluBefore ? z[place] > 0 : scaled > 0
      }
    }
    if unit.window > 1 { decisions.poolPlaces = poolPlaces(state, z) }
    return decisions
  }

  /// First extreme of each window: the maximum, or the minimum where the scale is negative.
  private func poolPlaces(_ state: UnitState, _ z: [Float]) -> [Int] {
    let shape = state.unit.shape(rows: 1)
    let planes = z.count / (shape.height * shape.width)
    return (0..<planes * shape.pooledHeight * shape.pooledWidth).map { index in
      let (row, column) = (index / shape.pooledWidth, index % shape.pooledWidth)
      let (plane, y) = (row / shape.pooledHeight, row % shape.pooledHeight)
      let corner =
        (plane * shape.height + y * shape.window) * shape.width + column * shape.window
      let places = (0..<shape.window * shape.window).map {
        corner + $0 / shape.window * shape.width + $0 % shape.window
      }
      let sign: Float = state[.gamma][plane % state.unit.channels] < 0 ? -1 : 1
      let extreme = places.map { sign * z[$0] }.max()!
      return places.first { sign * z[$0] == extreme }!
    }
  }

  /// Full-size activations `[N, C, H, W]` of a unit, computed again.
  private func activations(_ index: Int, _ batch: Minibatch) -> [Float] {
    let executor = runner.executor
    let state = executor.states[index]
    var values = [Float](
      repeating: 0, count: batch.count * state.unit.channels * state.unit.pixelsPerSample)
    for shard in 0..<batch.shardCount {
      let task = ShardTask(
        batch: batch, mode: .training, shard: shard, scratch: executor.scratch[0])
      executor.forEachCall(of: state, task) { places in
        executor.prepareInput(index, places, task)
        executor.convolve(state, places, task, z: task.scratch.z)
        executor.activate(state, places, z: task.scratch.z, sums: nil)
        unblock(state, places, task.scratch.z, into: &values)
      }
    }
    return values
  }

  private func unblock(
    _ state: UnitState, _ places: Range<Int>, _ z: MutableFloatPointer, into values: inout [Float]
  ) {
    let (channels, pixels) = (state.unit.channels, state.unit.pixelsPerSample)
    for (row, place) in places.enumerated() {
      for element in 0..<channels * pixels {
        let (channel, pixel) = (element / pixels, element % pixels)
        let (block, lane) = (channel / channelLanes, channel % channelLanes)
        let vector =
          state.unit.isDense
          ? block * places.count + row
          : row * state.activationCount / channelLanes + block * pixels + pixel
        values[place * channels * pixels + element] = z[vector * channelLanes + lane]
      }
    }
  }
}
