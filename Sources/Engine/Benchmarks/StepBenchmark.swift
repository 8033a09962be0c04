// Times training steps: the ones of a training run, without tests, listeners and files.
// Measuring by another path than the trainer's would measure something else.

import Dispatch
import PTrainDatasets
import PTrainDiagnostics
import PTrainMemory
import PTrainNetworks

/// Timed steps.
package struct StepSamples: Sendable {
  /// One value a step.
  package var elapsedSeconds: [Double] = []
  /// Sums over all steps.
  package var partSeconds: [StepPart: Double] = [:]
  /// CPU time of all threads: it says more than the clock on a busy machine.
  package var processorSeconds = 0.0
  package var pageFaultCount = 0

  package init() {}

  package mutating func append(_ other: StepSamples) {
    elapsedSeconds += other.elapsedSeconds
    partSeconds.merge(other.partSeconds, uniquingKeysWith: +)
    processorSeconds += other.processorSeconds
    pageFaultCount += other.pageFaultCount
  }
}

/// Training steps of a network by its recipe, one timed after the other.
package final class StepBenchmark {
  private let recipe: Recipe
  private let schedule: LearningRateSchedule
  private let seed: UInt64
  private let session: Session
  private let store: SampleStore
  private let stepsPerEpoch: Int
  private var order: [UInt32]
  private var doneCount = 0

  /// Allocates everything that the steps need.
  ///
  /// Throws `Failure` for a recipe or a network that cannot be trained, or for fewer images than
  /// one minibatch.
  package init(
    network: Network, recipe: Recipe, images: ImageSet, normalization: Normalization,
    seed: UInt64 = 1, configuration: EngineConfiguration
  ) throws {
    try recipe.validate()
    guard images.count >= recipe.batchSize else {
      throw Failure(
        .usage, "\(images.count) images are fewer than one minibatch of \(recipe.batchSize)")
    }
    self.recipe = recipe
    self.seed = seed
    stepsPerEpoch = images.count / recipe.batchSize
    schedule = LearningRateSchedule(recipe: recipe, stepsPerEpoch: stepsPerEpoch)
    store = try SampleStore(images, normalization, binding: configuration.binding)
    order = [UInt32](repeating: 0, count: images.count)
    session = try Session(
      network, state: .initial(network: network, seed: seed), configuration: configuration,
      sampleCapacity: recipe.batchSize, seed: seed, recipe: recipe)
    try session.requireSize(of: images)
  }

  /// What is done with each minibatch.
  package enum Work: Sendable {
    case training
    /// With running statistics; the parts of a step are then compute and wait alone.
    case evaluation
  }

  /// Times `stepCount` steps that follow `warmUpCount` untimed ones; further calls go on from there.
  ///
  /// Every step has a full minibatch; steps beyond an epoch go on with the next one's order.
  package func run(
    warmUpCount: Int, stepCount: Int, _ work: Work = .training
  ) throws -> StepSamples {
    try session.pool.lead { [self] in
      if work == .evaluation { session.runner.useRunningStatistics() }
      var samples = StepSamples()
      // Touched before the timed steps, so that their page faults are theirs alone.
      samples.elapsedSeconds = [Double](repeating: 0, count: stepCount)
      for _ in 0..<warmUpCount { next(work) }
      let (clock, usage) = (session.runner.clock, ProcessUsage.now())
      for step in 0..<stepCount {
        let start = DispatchTime.now()
        next(work)
        samples.elapsedSeconds[step] = seconds(since: start)
      }
      let end = ProcessUsage.now()
      samples.processorSeconds = end.processorSeconds - usage.processorSeconds
      samples.pageFaultCount = end.pageFaultCount - usage.pageFaultCount
      for part in StepPart.allCases {
        samples.partSeconds[part] = session.runner.clock.seconds(of: part, since: clock)
      }
      return samples
    }
  }

  /// What the phases of training steps take, task by task; the configuration has one worker, and minibatches
  /// may be cut for more.
  package func traces(warmUpCount: Int, stepCount: Int) throws -> [StepTrace] {
    try session.pool.lead { [self] in
      for _ in 0..<warmUpCount { next(.training) }
      let recorder = PhaseRecorder()
      session.pool.runPhase = recorder.run
      defer { session.pool.runPhase = nil }
      return (0..<stepCount).map { _ in recorder.record { next(.training) } }
    }
  }

  private func next(_ work: Work) {
    let index = doneCount
    doneCount += 1
    let (epoch, step) = index.quotientAndRemainder(dividingBy: stepsPerEpoch)
    if step == 0 {
      EpochOrder.permute(&order, seed: seed, epoch: UInt32(epoch))
    }
    let rate = schedule.rate(at: min(index, recipe.epochs * stepsPerEpoch - 1))
    order.withUnsafeBufferPointer { order in
      let batch = Minibatch(
        source: store.source, sharding: session.runner.memory.sharding,
        samples: order.baseAddress! + step * recipe.batchSize,
        count: recipe.batchSize, epoch: UInt32(epoch))
      switch work {
      case .training: _ = session.train(batch, index: index, rate: rate)
      case .evaluation: _ = session.runner.evaluate(batch)
      }
    }
  }
}

extension ImageSet {
  /// Images of random values with random labels, for measurements without a dataset.
  package static func synthetic(
    count: Int, height: Int, width: Int, channels: Int = 1, classCount: Int
  ) throws(Failure) -> ImageSet {
    var random = RandomSequence(RandomStream(seed: 0, purpose: .shuffle))
    var word: UInt32 = 0
    let bytes = (0..<count * height * width * channels).map { index in
      word = index.isMultiple(of: 4) ? random.next() : word >> 8
      return UInt8(truncatingIfNeeded: word)
    }
    let labels = (0..<count).map { _ in UInt16(random.next(below: UInt32(classCount))) }
    return try ImageSet(
      height: height, width: width, channels: channels, images: bytes, labels: labels)
  }
}
