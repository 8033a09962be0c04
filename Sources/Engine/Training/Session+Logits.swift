// What a model says about each sample, from which everything else that is told of it follows.

import PTrainDatasets
import PTrainKernelTypes
import PTrainNetworks

extension Session {
  /// Logits `[count, classes]` of a set, with running statistics; labels do not matter.
  package func logits(_ set: ImageSet, _ normalization: Normalization) throws -> [Float] {
    try requireSize(of: set)
    let store = try SampleStore(set, normalization, binding: runner.memory.binding)
    return try pool.lead { [self] in
      var logits: [Float] = []
      forEachMinibatch(of: store.source) { logits += $2 }
      return logits
    }
  }

  /// Evaluates a set with running statistics, minibatch after minibatch in order; on the leader.
  ///
  /// `body` gets the logits `[count, classes]` of all ranks.
  func forEachMinibatch(
    of source: SampleSource,
    _ body: (Minibatch, BatchResult, UnsafeBufferPointer<Float>) throws -> Void
  ) rethrows {
    let classCount = runner.executor.plan.network.classCount
    let order = [UInt32](0..<UInt32(source.count))
    var logits = [Float](repeating: 0, count: runner.executor.sampleCapacity * classCount)
    runner.useRunningStatistics()
    try logits.withUnsafeMutableBufferPointer { logits in
      try forEachMinibatch(of: order, source, epoch: 0) { _, batch in
        let result = runner.evaluate(batch, logits: logits.baseAddress!)
        let rows = UnsafeBufferPointer(rebasing: logits.prefix(batch.count * classCount))
        try body(batch, result, rows)
      }
    }
  }

  /// Runs `body` once for each index below `count`, on all workers; returns when all are done.
  package func forEach(_ count: Int, _ body: @escaping @Sendable (Int) -> Void) throws {
    try pool.lead { [pool] in pool.run(count) { _, index in body(index) } }
  }
}
