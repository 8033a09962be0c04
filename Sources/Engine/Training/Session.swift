// A model in memory with workers: what training and evaluation share.

import PTrainDatasets
import PTrainDiagnostics
import PTrainKernelTypes
import PTrainMemory
import PTrainNetworks

/// Executor, workers and parameters for minibatches of up to `sampleCapacity` samples.
package final class Session {
  let pool: WorkerPool
  let runner: StepRunner
  let block: ParameterBlock
  private let recipe: Recipe

  /// `classWeights` weigh the training loss: one a class, or none.
  package init(
    _ network: Network, state: ModelState, configuration: EngineConfiguration,
    sampleCapacity: Int, seed: UInt64 = 0, recipe: Recipe = Recipe(),
    classWeights: [Float] = [], fusion: Fusion = .full
  ) throws {
    self.recipe = recipe
    let (binding, communicator) = (configuration.binding, configuration.communicator)
    let plan = try Plan(network, fusion: fusion)
    let sharding = plan.sharding(
      batchSize: sampleCapacity,
      workerCount: communicator.sum(configuration.cutWorkerCount ?? configuration.threadCount))
    let shardCapacity = sharding.shardCount(sampleCapacity)
    let memory = NodeMemory(
      binding, workerCount: configuration.threadCount, cpuCount: configuration.cpuCount,
      sharding: sharding, shardCapacity: shardCapacity,
      ownShards: RankShares(
        shardCount: shardCapacity, rank: communicator.rank, rankCount: communicator.size
      ).own)
    let executor = try Executor(
      plan: plan, kernels: configuration.kernels, sampleCapacity: sampleCapacity,
      workerCount: configuration.threadCount, seed: seed, recipe: recipe,
      classWeights: classWeights, memory: memory)
    block = try ParameterBlock(state)
    // Its threads start with the first `lead`: an error below leaves none behind.
    pool = WorkerPool(
      workerCount: configuration.threadCount, cpuCount: configuration.cpuCount, binding: binding,
      warn: configuration.warn)
    runner = try StepRunner(
      executor: executor, pool: pool, block: block, memory: memory, communicator: communicator,
      rule: recipe.rule)
  }

  deinit { pool.stop() }

  /// Bytes that this rank receives from the others in a step with a full minibatch.
  package var exchangedByteCount: Int { runner.exchangedByteCount }

  /// Trains on a minibatch and moves the average where the recipe has one; on the leader.
  ///
  /// `index` counts the run's steps from 0.
  func train(_ batch: Minibatch, index: Int, rate: Double) -> BatchResult {
    runner.train(batch, OptimizerStep(recipe, index: index, rate: rate))
  }

  /// Mean loss and correct predictions over a set, with running statistics.
  ///
  /// Throws `badData` where the images are of another size than the network's, and, naming the layer,
  /// where the loss is no finite number.
  package func evaluate(_ set: ImageSet, _ normalization: Normalization) throws -> Evaluation {
    try answers(set, normalization).evaluation
  }

  /// The same, and where asked for the logits `[count, classes]` that it follows from.
  package func answers(
    _ set: ImageSet, _ normalization: Normalization, keepsLogits: Bool = false
  ) throws -> (evaluation: Evaluation, logits: [Float]) {
    try requireSize(of: set)
    let store = try SampleStore(set, normalization, binding: runner.memory.binding)
    return try pool.lead { [self] in
      var logits: [Float] = []
      let evaluation = try evaluate(store.source) { if keepsLogits { logits += $0 } }
      return (evaluation, logits)
    }
  }

  /// The same on the leader; `receive` gets the logits of some samples after the other. One worker runs the
  /// `errand` meanwhile.
  func evaluate(
    _ source: SampleSource, _ receive: (UnsafeBufferPointer<Float>) -> Void = { _ in },
    beside errand: (() -> Void)? = nil
  ) throws -> Evaluation {
    var tally = EvaluationTally(classCount: runner.executor.plan.network.classCount)
    var first = 0
    try forEachPart(of: source, beside: errand) { part, result, logits in
      guard result.loss.isFinite else {
        throw Failure(
          .badData, "the test loss is \(lossText(result.loss)), \(whereNumbersEnd(within: part))")
      }
      tally.add(
        loss: result.loss, logits: logits,
        labels: UnsafeBufferPointer(start: source.labels + first, count: part.count))
      first += part.count
      receive(logits)
    }
    return tally.evaluation
  }

  /// Throws `badData` for images of another size than the network's, and `usage` for those that the
  /// recipe's augmentation cannot change.
  func requireSize(of set: ImageSet) throws {
    guard set.pixelType == .byte || recipe.augment.isEmpty else {
      throw Failure(
        .usage,
        "the recipe augments images of bytes, the data holds floats; train without `augment`")
    }
    try runner.executor.plan.network.requireSize(of: set)
  }

  /// `first in layer conv1`, for the last pass over a minibatch whose loss is no number.
  func whereNumbersEnd(_ batch: Minibatch) -> String {
    let layer = runner.executor.firstLayerWithoutNumbers(batch)
    return layer.map { "first in layer \($0)" } ?? "not in any layer"
  }

  /// The same for an evaluation's samples, of which buffers hold a minibatch at a time.
  private func whereNumbersEnd(within part: Minibatch) -> String {
    for batch in part.parts(of: runner.executor.sampleCapacity)
    where !runner.evaluate(batch, looksAtValues: true).loss.isFinite {
      return whereNumbersEnd(batch)
    }
    return "not in any layer"
  }

  /// Cuts an order into minibatches of the session's capacity; the last may be smaller. The first
  /// `firstStep` of them are left out.
  func forEachMinibatch(
    of order: [UInt32], _ source: SampleSource, epoch: UInt32,
    from firstStep: Int = 0, _ body: (_ step: Int, _ batch: Minibatch) throws -> Void
  ) rethrows {
    let capacity = runner.executor.sampleCapacity
    try order.withUnsafeBufferPointer { order in
      let firsts = stride(from: 0, to: order.count, by: capacity)
      for (step, first) in firsts.enumerated().dropFirst(firstStep) {
        var batch = Minibatch(
          source: source, sharding: runner.memory.sharding, samples: order.baseAddress! + first,
          count: min(capacity, order.count - first), epoch: epoch)
        batch.weigh(by: runner.executor.classWeights)
        try body(step, batch)
      }
    }
  }
}
