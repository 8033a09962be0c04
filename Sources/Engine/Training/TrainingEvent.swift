// What the trainer tells its listeners: the progress bar, the metrics file, the model writer.
// The engine prints and writes nothing itself; a digest is the listeners' work, over `ModelState`.

import PTrainNetworks

/// One thing that happened in a training run, in the order it happened.
package enum TrainingEvent: Sendable {
  /// Everything is allocated and the first step is next.
  case started(RunInfo)
  /// A step was done.
  case step(StepResult)
  /// An epoch was trained and tested; `state` is the model after it, averaged if the recipe says so.
  case epoch(EpochResult, state: ModelState)
  /// No epoch follows.
  case finished(RunResult)
}

/// What a run consists of, known before its first step.
package struct RunInfo: Equatable, Sendable {
  package var model: String
  /// Trainable parameters; running statistics not counted.
  package var parameterCount: Int
  package var threadCount: Int
  package var rankCount: Int
  /// NUMA nodes that workers are bound to.
  package var nodeCount: Int
  /// `baseline`, `avx2`, `avx512` or `neon`.
  package var instructionSet: String
  package var seed: UInt64
  package var epochCount: Int
  package var batchSize: Int
  /// Shards of a full minibatch in each rank: more threads find nothing to do.
  package var shardCount: Int
  /// Samples of a shard.
  package var shardSize: Int
  package var trainSampleCount: Int
  package var testSampleCount: Int
  package var optimizer: String
  /// Peak rate of the schedule.
  package var learningRate: Double
  package var schedule: String
  package var weightDecay: Double
  package var augmentation: String
  /// Bytes that a rank receives from the others in a step with a full minibatch.
  package var exchangedByteCount: Int
  /// First batch normalization that some minibatch gives a single value a channel; nil: none.
  package var singleValueNorm: String?

  package init(
    model: String, parameterCount: Int, threadCount: Int, rankCount: Int = 1, nodeCount: Int = 1,
    instructionSet: String, seed: UInt64, epochCount: Int, batchSize: Int,
    shardCount: Int, shardSize: Int, trainSampleCount: Int, testSampleCount: Int, optimizer: String,
    learningRate: Double,
    schedule: String, weightDecay: Double = 0, augmentation: String = "none",
    exchangedByteCount: Int = 0, singleValueNorm: String? = nil
  ) {
    self.model = model
    self.parameterCount = parameterCount
    self.threadCount = threadCount
    self.rankCount = rankCount
    self.nodeCount = nodeCount
    self.instructionSet = instructionSet
    self.seed = seed
    self.epochCount = epochCount
    self.batchSize = batchSize
    self.shardCount = shardCount
    self.shardSize = shardSize
    self.trainSampleCount = trainSampleCount
    self.testSampleCount = testSampleCount
    self.optimizer = optimizer
    self.learningRate = learningRate
    self.schedule = schedule
    self.weightDecay = weightDecay
    self.augmentation = augmentation
    self.exchangedByteCount = exchangedByteCount
    self.singleValueNorm = singleValueNorm
  }
}

/// One training step.
package struct StepResult: Equatable, Sendable {
  /// 1-based.
  package var epoch: Int
  /// 0-based within the epoch.
  package var step: Int
  /// Steps of the epoch, a smaller last minibatch included.
  package var stepCount: Int
  /// Mean cross-entropy of the minibatch.
  package var loss: Double

  package init(epoch: Int, step: Int, stepCount: Int, loss: Double) {
    self.epoch = epoch
    self.step = step
    self.stepCount = stepCount
    self.loss = loss
  }
}

/// One epoch: training, then the test set.
package struct EpochResult: Equatable, Sendable {
  /// 1-based.
  package var epoch: Int
  /// Rate of the epoch's last step.
  package var learningRate: Double
  /// Training samples as they were seen, with dropout and augmentation.
  package var training: Evaluation
  package var test: Evaluation
  /// Nil without a validation set.
  package var validation: Evaluation?
  /// Whether the model is the run's until a later epoch's is: with a validation set those of the smallest
  /// loss so far are, without one all.
  package var isKept: Bool
  /// The training part alone.
  package var elapsedSeconds: Double
  package var imagesPerSecond: Double {
    elapsedSeconds > 0 ? Double(training.sampleCount) / elapsedSeconds : 0
  }

  package init(
    epoch: Int, learningRate: Double, training: Evaluation, test: Evaluation,
    validation: Evaluation? = nil, isKept: Bool = true, elapsedSeconds: Double
  ) {
    self.epoch = epoch
    self.learningRate = learningRate
    self.training = training
    self.test = test
    self.validation = validation
    self.isKept = isKept
    self.elapsedSeconds = elapsedSeconds
  }
}

/// A whole run.
package struct RunResult: Equatable, Sendable {
  /// Epochs that the model has seen in total.
  package var epochCount: Int
  /// From the first step to the last test, tests included.
  package var elapsedSeconds: Double
  /// Percent, after the last epoch.
  package var testAccuracy: Double
  package var bestTestAccuracy: Double
  /// The first epoch with that accuracy; 0 where it is not known.
  package var bestTestEpoch: Int
  /// Smallest validation loss; nil without a validation set.
  package var bestValidationLoss: Double?
  /// The epoch whose model is the run's.
  package var keptEpoch: Int
  package var end: RunEnd

  package init(
    epochCount: Int, elapsedSeconds: Double, testAccuracy: Double, bestTestAccuracy: Double,
    bestTestEpoch: Int = 0, bestValidationLoss: Double? = nil, keptEpoch: Int? = nil,
    end: RunEnd = .epochs
  ) {
    self.epochCount = epochCount
    self.elapsedSeconds = elapsedSeconds
    self.testAccuracy = testAccuracy
    self.bestTestAccuracy = bestTestAccuracy
    self.bestTestEpoch = bestTestEpoch
    self.bestValidationLoss = bestValidationLoss
    self.keptEpoch = keptEpoch ?? epochCount
    self.end = end
  }

  /// Where a run has come to.
  init(_ position: TrainingPosition) {
    self.init(
      epochCount: position.epoch - 1, elapsedSeconds: position.runSeconds,
      testAccuracy: position.testAccuracy, bestTestAccuracy: position.bestTestAccuracy,
      bestTestEpoch: position.bestTestEpoch, bestValidationLoss: position.bestValidationLoss,
      keptEpoch: position.keptEpoch, end: position.end ?? .epochs)
  }
}
