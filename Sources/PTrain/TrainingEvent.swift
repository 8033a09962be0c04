// What a run tells while it goes on.

import PTrainEngine

/// One thing that happened in a run, in the order in which it happened.
public enum TrainingEvent: Equatable, Sendable {
  /// Everything is allocated and the first step is next.
  case started(TrainingStart)
  case step(TrainingProgress)
  case epoch(TrainingEpoch)
  /// No epoch follows.
  case finished(TrainingEnd)
}

/// What a run consists of.
public struct TrainingStart: Equatable, Sendable {
  /// Trainable parameters.
  public let parameterCount: Int
  public let threadCount: Int
  /// `baseline`, `avx2`, `avx512` or `neon`.
  public let instructionSet: String
  public let epochCount: Int
  public let batchSize: Int
  public let trainingCount: Int
  public let testCount: Int

  init(_ info: RunInfo) {
    parameterCount = info.parameterCount
    threadCount = info.threadCount
    instructionSet = info.instructionSet
    (epochCount, batchSize) = (info.epochCount, info.batchSize)
    (trainingCount, testCount) = (info.trainSampleCount, info.testSampleCount)
  }
}

/// One training step.
public struct TrainingProgress: Equatable, Sendable {
  /// 1-based.
  public let epoch: Int
  /// 0-based within the epoch.
  public let step: Int
  /// Steps of the epoch, a smaller last minibatch included.
  public let stepCount: Int
  /// Mean cross-entropy of the minibatch.
  public let loss: Double

  init(_ step: StepResult) {
    (epoch, self.step, stepCount, loss) = (step.epoch, step.step, step.stepCount, step.loss)
  }
}

/// One epoch: training, then the test set.
public struct TrainingEpoch: Equatable, Sendable {
  /// 1-based.
  public let epoch: Int
  /// Rate of the epoch's last step.
  public let learningRate: Double
  /// Training samples as they were seen, with dropout and augmentation.
  public let training: Evaluation
  /// Nil without a validation set.
  public let validation: Evaluation?
  public let test: Evaluation
  /// The training part alone.
  public let seconds: Double
  /// The model after it, averaged if the recipe says so.
  public let model: TrainedModel
  /// Whether that is the run's until a later epoch's is: with a validation set those of the smallest loss
  /// so far are, without one all.
  public let isKept: Bool

  init(_ result: EpochResult, model: TrainedModel) {
    (epoch, learningRate, seconds) = (result.epoch, result.learningRate, result.elapsedSeconds)
    training = Evaluation(result.training)
    validation = result.validation.map(Evaluation.init)
    test = Evaluation(result.test)
    (self.model, isKept) = (model, result.isKept)
  }
}

/// How a run ended.
public struct TrainingEnd: Equatable, Sendable {
  /// Epochs that the model has seen in total.
  public let epochCount: Int
  /// The epoch whose model is the run's.
  public let keptEpoch: Int
  /// From the first step to the last test, tests included.
  public let seconds: Double

  init(_ result: RunResult) {
    (epochCount, keptEpoch, seconds) = (result.epochCount, result.keptEpoch, result.elapsedSeconds)
  }
}
