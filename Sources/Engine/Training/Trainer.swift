// Trains a network on a dataset by a recipe, epoch after epoch, and tells listeners what happened.

import Dispatch
import PTrainDatasets
import PTrainDiagnostics
import PTrainKernelTypes
import PTrainNetworks

/// One training run of a network.
package final class Trainer {
  let network: Network
  let recipe: Recipe
  let options: TrainingOptions
  private let configuration: EngineConfiguration
  /// Of the network, or of one that quantises within an epoch that trains for 8-bit integers.
  var session: Session
  let makeSession: (Network, ModelState) throws -> Session
  let training: SampleStore
  private let validation: SampleStore?
  private let test: SampleStore
  private let orders: EpochOrders
  private var position = TrainingPosition()
  /// The model of the epoch with the smallest validation loss.
  private var best: ModelState?
  /// In which the epoch sees values.
  var forms: [ValueForm] = []

  /// Allocates everything that the run needs.
  ///
  /// A run that goes on from a `snapshot` needs the same recipe, data and seed. Throws `Failure` for a
  /// recipe or a network that cannot be trained.
  package init(
    network: Network, recipe: Recipe, dataset: Dataset, options: TrainingOptions,
    configuration: EngineConfiguration, from snapshot: TrainingSnapshot? = nil
  ) throws {
    try recipe.validate()
    self.network = network
    self.recipe = recipe
    self.options = options
    self.configuration = configuration
    func store(_ set: ImageSet) throws -> SampleStore {
      try SampleStore(set, dataset.normalization, binding: configuration.binding)
    }
    training = try store(dataset.training)
    validation = try dataset.validation.map(store)
    test = try store(dataset.test)
    orders = EpochOrders(count: dataset.training.count, seed: options.seed)
    let classWeights = try recipe.classFactors(of: dataset.training)
    makeSession = { network, state in
      try Session(
        network, state: state, configuration: configuration, sampleCapacity: recipe.batchSize,
        seed: options.seed, recipe: recipe, classWeights: classWeights)
    }
    session = try makeSession(
      network,
      snapshot?.model
        ?? .first(
          of: network, recipe, images: dataset.training, normalization: dataset.normalization,
          seed: options.seed))
    for set in [dataset.training, dataset.test] + (dataset.validation.map { [$0] } ?? []) {
      try session.requireSize(of: set)
    }
    if let snapshot {
      session.block.restore(snapshot)
      position = snapshot.position
      best = snapshot.best.map { ModelState(layout: network.layout, values: $0) }
      forms = snapshot.forms
    }
  }

  /// The run as it stands; for the listener of `run`, on whose thread nothing changes meanwhile.
  package var snapshot: TrainingSnapshot {
    session.block.snapshot(at: position, best: best?.values, forms: forms)
  }

  /// The run's model if it ended now: that of the smallest validation loss, else the one that tests see.
  package var keptState: ModelState { best ?? testedState }

  /// Trains to the end; `listener` is called in order on a worker's thread.
  @discardableResult
  package func run(_ listener: @escaping (TrainingEvent) throws -> Void) throws -> RunResult {
    try session.pool.lead { try listener(.started(info)) }
    let start = DispatchTime.now()
    let secondsBefore = position.runSeconds
    while !position.isFinished {
      let isQuantized = recipe.quantizes(epoch: position.epoch)
      if isQuantized { try beginQuantizedEpoch() }
      try session.pool.lead { try runSteps(listener) }
      if isQuantized { try replaceSession(network) }
      try session.pool.lead { [self] in
        var result = try endEpoch()
        position.runSeconds = secondsBefore + seconds(since: start)
        let state = testedState
        position.finishEpoch(result, recipe, options)
        forms = []
        if position.bestValidationEpoch == result.epoch { best = state }
        result.isKept = position.keptEpoch == result.epoch
        try listener(.epoch(result, state: state))
      }
    }
    let result = RunResult(position)
    try session.pool.lead { try listener(.finished(result)) }
    return result
  }

  private var stepsPerEpoch: Int {
    (training.source.count + recipe.batchSize - 1) / recipe.batchSize
  }

  /// The rest of the position's epoch.
  private func runSteps(_ listener: (TrainingEvent) throws -> Void) throws {
    let start = DispatchTime.now()
    let secondsBefore = position.epochSeconds
    let draws = UInt32(position.epoch - 1)
    try session.forEachMinibatch(
      of: orders.order(of: draws), training.source, epoch: draws, from: position.step
    ) { _, batch in
      let rate = try rate(at: position.runStep)
      let result = session.train(batch, index: position.runStep, rate: rate)
      let loss = result.loss / Double(batch.count)
      guard loss.isFinite else { throw divergence(batch, loss: loss) }
      position.lossSum += result.loss
      position.correctCount += result.correctCount
      position.step += 1
      position.runStep += 1
      position.epochSeconds = secondsBefore + seconds(since: start)
      try listener(
        .step(
          StepResult(
            epoch: position.epoch, step: position.step - 1, stepCount: stepsPerEpoch, loss: loss)))
    }
  }

  /// The epoch's result, with its test.
  private func endEpoch() throws -> EpochResult {
    let sampleCount = training.source.count
    let draws = UInt32(position.epoch - 1)
    let hasNext = position.epoch < recipe.epochs
    return try withAverage(orders.order(of: draws), draws) {
      try EpochResult(
        epoch: position.epoch, learningRate: rate(at: position.runStep - 1),
        training: Evaluation(
          loss: position.lossSum / Double(sampleCount), correctCount: position.correctCount,
          sampleCount: sampleCount),
        test: tested(test.source) { [orders] in if hasNext { orders.draw(draws + 1) } },
        validation: validation.map { try tested($0.source) },
        elapsedSeconds: position.epochSeconds)
    }
  }

  private func rate(at step: Int) throws -> Double {
    guard let chosen = options.learningRate else {
      return LearningRateSchedule(recipe: recipe, stepsPerEpoch: stepsPerEpoch).rate(at: step)
    }
    let rate = chosen(step, stepsPerEpoch)
    guard rate.isFinite, rate >= 0 else {
      throw Failure(.usage, "the learning rate of step \(step) is \(rate); expected 0 or above")
    }
    return rate
  }

  private func divergence(_ batch: Minibatch, loss: Double) -> Failure {
    Failure(
      .badData,
      "training diverged: the loss is \(lossText(loss)) in epoch \(position.epoch), step "
        + "\(position.step + 1), \(session.whereNumbersEnd(batch)); try a smaller learning rate")
  }

  /// The model of an epoch's end on a set.
  private func tested(
    _ source: SampleSource, beside errand: (() -> Void)? = nil
  ) throws -> Evaluation {
    do {
      return try session.evaluate(source, beside: errand)
    } catch let failure as Failure {
      throw Failure(
        failure.kind,
        "training diverged: after epoch \(position.epoch) \(failure.message); "
          + "try a smaller learning rate")
    }
  }

  private var info: RunInfo {
    RunInfo(
      model: network.description.name, parameterCount: network.layout.parameterCount,
      threadCount: session.pool.activeCount, rankCount: configuration.communicator.size,
      nodeCount: configuration.binding.nodeCount,
      instructionSet: configuration.kernels.instructionSet.rawValue, seed: options.seed,
      epochCount: recipe.epochs, batchSize: recipe.batchSize,
      shardCount: session.runner.ownShardCount,
      shardSize: session.runner.memory.sharding.shardSize,
      trainSampleCount: training.source.count,
      testSampleCount: test.source.count,
      optimizer: recipe.optimizer.rawValue, learningRate: recipe.learningRate,
      schedule: recipe.schedule.rawValue, weightDecay: recipe.weightDecay,
      augmentation: recipe.augment.text,
      exchangedByteCount: session.exchangedByteCount, singleValueNorm: singleValueNorm)
  }

  private var singleValueNorm: String? {
    let smallest =
      training.source.count < recipe.batchSize
      ? training.source.count : (training.source.count - 1) % recipe.batchSize + 1
    guard smallest == 1 || recipe.batchSize == 1 else { return nil }
    return session.runner.executor.plan.singlePixelNorm
  }
}

/// A loss for a message: the sign of a NaN, which x86 sets, tells nothing.
func lossText(_ loss: Double) -> String { loss.isNaN ? "nan" : "\(loss)" }

func seconds(since start: DispatchTime) -> Double {
  Double(DispatchTime.now().uptimeNanoseconds - start.uptimeNanoseconds) * 1e-9
}

extension Recipe {
  /// One a class of a training set; none where the recipe has none.
  func classFactors(of set: ImageSet) throws -> [Float] {
    guard let weights = classWeights else { return [] }
    var counts = [Int](repeating: 0, count: set.classNames.count)
    for label in set.labels { counts[Int(label)] += 1 }
    return try weights.factors(names: set.classNames, sampleCounts: counts)
  }
}
