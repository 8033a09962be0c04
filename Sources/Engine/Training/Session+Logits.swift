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
      forEachPart(of: store.source) { logits += $2 }
      return logits
    }
  }

  /// Evaluates a set with running statistics in order, in parts whose size depends on the classes alone,
  /// so that neither the time nor the loss depends on the size of minibatches; on the leader.
  ///
  /// `body` gets the logits `[count, classes]` of all ranks. One worker runs the `errand` meanwhile.
  func forEachPart(
    of source: SampleSource, beside errand: (() -> Void)? = nil,
    _ body: (Minibatch, BatchResult, UnsafeBufferPointer<Float>) throws -> Void
  ) rethrows {
    let executor = runner.executor
    let classCount = executor.plan.network.classCount
    let order = [UInt32](0..<UInt32(source.count))
    let most = min(executor.evaluationSampleCount, source.count)
    var logits = [Float](repeating: 0, count: most * classCount)
    runner.useRunningStatistics()
    try logits.withUnsafeMutableBufferPointer { logits in
      try order.withUnsafeBufferPointer { order in
        guard let first = order.baseAddress else { return }
        let all = Minibatch(
          source: source, sharding: runner.memory.sharding, samples: first, count: order.count,
          epoch: 0)
        for part in all.parts(of: most) {
          let result = runner.evaluate(
            part, logits: logits.baseAddress!, beside: part.samples == first ? errand : nil)
          let rows = UnsafeBufferPointer(rebasing: logits.prefix(part.count * classCount))
          try body(part, result, rows)
        }
      }
    }
  }

  /// Runs `body` once for each index below `count`, on all workers; returns when all are done.
  package func forEach(_ count: Int, _ body: @escaping @Sendable (Int) -> Void) throws {
    try pool.lead { [pool] in pool.run(count) { _, index in body(index) } }
  }
}
