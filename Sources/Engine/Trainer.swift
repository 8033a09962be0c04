// Trains a network on a dataset by a recipe, epoch after epoch, and tells listeners what happened.

import Datasets
import Diagnostics
import Dispatch
import KernelTypes
import Networks

/// What a training run is asked to do besides the recipe.
package struct TrainingOptions: Sendable {
  package var seed: UInt64 = 1
  /// Percent; training ends after the first epoch whose test accuracy reaches it.
  package var targetAccuracy: Double?

  package init() {}
}

/// One training run of a network.
package final class Trainer {
  private let network: Network
  private let recipe: Recipe
  private let options: TrainingOptions
  private let configuration: EngineConfiguration
  private let session: Session
  private let training: SampleStore
  private let test: SampleStore

  /// Allocates everything that the run needs.
  ///
  /// Throws `Failure` for a recipe or a network that cannot be trained.
  package init(
    network: Network, recipe: Recipe, dataset: Dataset, options: TrainingOptions,
    configuration: EngineConfiguration
  ) throws {
    try recipe.validate()
    self.network = network
    self.recipe = recipe
    self.options = options
    self.configuration = configuration
    training = try SampleStore(
      dataset.training, dataset.normalization, binding: configuration.binding)
    test = try SampleStore(
      dataset.test, dataset.normalization, binding: configuration.binding)
    session = try Session(
      network, state: .initial(network: network, seed: options.seed),
      configuration: configuration, sampleCapacity: recipe.batchSize, seed: options.seed,
      labelSmoothing: recipe.labelSmoothing)
  }

  /// Trains to the end; `listener` is called in order on a worker's thread.
  @discardableResult
  package func run(_ listener: @escaping (TrainingEvent) throws -> Void) throws -> RunResult {
    try session.pool.lead { [self] in
      try listener(.started(info))
      let start = DispatchTime.now()
      var result = RunResult(
        epochCount: 0, elapsedSeconds: 0, testAccuracy: 0, bestTestAccuracy: 0)
      for epoch in 1...recipe.epochs {
        let epochResult = try runEpoch(epoch, listener)
        result.epochCount = epoch
        result.testAccuracy = epochResult.test.accuracy
        result.bestTestAccuracy = max(result.bestTestAccuracy, result.testAccuracy)
        result.elapsedSeconds = seconds(since: start)
        try listener(.epoch(epochResult, state: session.block.state))
        if let target = options.targetAccuracy, result.testAccuracy >= target { break }
      }
      try listener(.finished(result))
      return result
    }
  }

  private var stepsPerEpoch: Int {
    (training.source.count + recipe.batchSize - 1) / recipe.batchSize
  }

  private func runEpoch(_ epoch: Int, _ listener: (TrainingEvent) throws -> Void) throws
    -> EpochResult
  {
    let start = DispatchTime.now()
    let draws = UInt32(epoch - 1)
    let order = EpochOrder.permutation(
      count: training.source.count, seed: options.seed, epoch: draws)
    var total = BatchResult()
    let schedule = LearningRateSchedule(recipe: recipe, stepsPerEpoch: stepsPerEpoch)
    var rate = 0.0
    try session.forEachMinibatch(of: order, training.source, epoch: draws) { step, batch in
      let index = (epoch - 1) * stepsPerEpoch + step
      rate = schedule.rate(at: index)
      let result = session.runner.train(batch, OptimizerStep(recipe, index: index, rate: rate))
      total.loss += result.loss
      total.correctCount += result.correctCount
      let loss = result.loss / Double(batch.count)
      guard loss.isFinite else { throw divergence(epoch: epoch, step: step, loss: loss) }
      try listener(
        .step(StepResult(epoch: epoch, step: step, stepCount: stepsPerEpoch, loss: loss)))
    }
    let elapsedSeconds = seconds(since: start)
    return EpochResult(
      epoch: epoch, learningRate: rate,
      training: Evaluation(
        loss: total.loss / Double(training.source.count), correctCount: total.correctCount,
        sampleCount: training.source.count),
      test: session.evaluate(test.source), elapsedSeconds: elapsedSeconds)
  }

  private func divergence(epoch: Int, step: Int, loss: Double) -> Failure {
    Failure(
      .badData,
      "training diverged: the loss is \(loss) in epoch \(epoch), step \(step + 1); try a smaller "
        + "--learning-rate")
  }

  private var info: RunInfo {
    RunInfo(
      model: network.description.name, parameterCount: network.layout.parameterCount,
      threadCount: configuration.threadCount, rankCount: configuration.communicator.size,
      nodeCount: configuration.binding.nodeCount,
      instructionSet: configuration.kernels.instructionSet.rawValue, seed: options.seed,
      epochCount: recipe.epochs, batchSize: recipe.batchSize,
      trainSampleCount: training.source.count, testSampleCount: test.source.count,
      optimizer: recipe.optimizer.rawValue, learningRate: recipe.learningRate,
      schedule: recipe.schedule.rawValue, weightDecay: recipe.weightDecay,
      augmentation: recipe.augment == nil ? "none" : "affine",
      exchangedByteCount: session.exchangedByteCount)
  }
}

func seconds(since start: DispatchTime) -> Double {
  Double(DispatchTime.now().uptimeNanoseconds - start.uptimeNanoseconds) * 1e-9
}
