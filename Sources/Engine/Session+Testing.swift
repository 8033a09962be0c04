// Looks into a session that only tests and benchmarks need.

import Datasets
import KernelTypes
import Networks

extension Session {
  /// Logits `[count, classes]` of a set, with running statistics.
  package func logits(_ set: ImageSet, _ normalization: Normalization) throws -> [Float] {
    let store = try SampleStore(set, normalization, binding: runner.memory.binding)
    return try pool.lead { [self] in
      var logits: [Float] = []
      runner.useRunningStatistics()
      forEachMinibatch(of: [UInt32](0..<UInt32(set.count)), store.source, epoch: 0) { _, batch in
        _ = runner.evaluate(batch)
        for place in 0..<batch.count { logits += lastOutput(of: batch, place: place) }
      }
      return logits
    }
  }

  /// Trains on samples in the given order and returns each minibatch's mean loss.
  package func trainingLosses(
    _ set: ImageSet, _ normalization: Normalization, order: [UInt32], recipe: Recipe
  ) throws -> [Double] {
    let store = try SampleStore(set, normalization, binding: runner.memory.binding)
    return try pool.lead { [self] in
      var losses: [Double] = []
      forEachMinibatch(of: order, store.source, epoch: 0) { step, batch in
        let optimizer = OptimizerStep(recipe, index: step, rate: recipe.learningRate)
        losses.append(runner.train(batch, optimizer).loss / Double(batch.count))
      }
      return losses
    }
  }

  /// The last step's gradient as a block in state_dict order.
  package var gradient: [Float] {
    Array(UnsafeBufferPointer(start: block.gradient, count: block.layout.count))
  }

  package var state: ModelState { block.state }

  /// Which buffers were asked for on which node.
  package var memoryAssignments: [MemoryAssignment] { runner.memory.assignments }

  private func lastOutput(of batch: Minibatch, place: Int) -> [Float] {
    let state = runner.executor.states.last!
    let places = batch.places(ofShard: place / shardSize)
    let shard = state.s(places.lowerBound)
    let row = place - places.lowerBound
    return (0..<state.unit.channels).map { channel in
      let block = channel / channelLanes
      return shard[(block * places.count + row) * channelLanes + channel % channelLanes]
    }
  }
}
