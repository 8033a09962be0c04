// What a model says about each sample, before any loss: for comparisons with other programs.

import Datasets
import KernelTypes
import Networks

extension Session {
  /// Logits `[count, classes]` of a set, with running statistics; of one process alone.
  package func logits(_ set: ImageSet, _ normalization: Normalization) throws -> [Float] {
    try requireSize(of: set)
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

  private func lastOutput(of batch: Minibatch, place: Int) -> [Float] {
    let state = runner.executor.states.last!
    let places = batch.places(ofShard: place / shardSize)
    let shard = state.s(places.lowerBound)
    let row = place - places.lowerBound
    return (0..<state.stage.value.channels).map { channel in
      let block = channel / channelLanes
      return shard[(block * places.count + row) * channelLanes + channel % channelLanes]
    }
  }
}
