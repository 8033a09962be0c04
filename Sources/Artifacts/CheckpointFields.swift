// A run's settings and position as metadata of its checkpoint: each field one string, numbers so
// that they read back bit for bit.

import Datasets
import Engine

extension RunSettings {
  var metadata: [Safetensors.Entry] {
    let required: [Safetensors.Entry] = [
      .init("run.seed", String(seed)), .init("run.data", data.name),
      .init("run.train_samples", String(data.trainSampleCount)),
      .init("run.test_samples", String(data.testSampleCount)),
    ]
    let optional = [
      ("run.limit_train", limitTrain.map(String.init)),
      ("run.limit_test", limitTest.map(String.init)),
      ("run.validation", validationCount.map(String.init)),
      ("run.target_accuracy", targetAccuracy.map { "\($0)" }),
      ("run.checkpoint_every", checkpointInterval.map(String.init)),
      ("run.data_directory", dataDirectory),
    ]
    return required + optional.compactMap { key, value in value.map { .init(key, $0) } }
  }

  /// Nil where a field is missing or is none.
  init?(_ file: Safetensors, normalization: Normalization) {
    guard let seed = file.number("run.seed", { UInt64($0) }),
      let name = file.value(of: "run.data"),
      let trainSampleCount = file.number("run.train_samples", { Int($0) }),
      let testSampleCount = file.number("run.test_samples", { Int($0) })
    else { return nil }
    self.init(
      seed: seed,
      data: DataFingerprint(
        name: name, trainSampleCount: trainSampleCount, testSampleCount: testSampleCount,
        normalization: normalization))
    limitTrain = file.number("run.limit_train", { Int($0) })
    limitTest = file.number("run.limit_test", { Int($0) })
    validationCount = file.number("run.validation", { Int($0) })
    targetAccuracy = file.number("run.target_accuracy", { Double($0) })
    checkpointInterval = file.number("run.checkpoint_every", { Int($0) })
    dataDirectory = file.value(of: "run.data_directory")
  }
}

extension TrainingPosition {
  var metadata: [Safetensors.Entry] {
    [
      .init("position.epoch", String(epoch)), .init("position.step", String(step)),
      .init("position.run_step", String(runStep)), .init("position.loss_sum", "\(lossSum)"),
      .init("position.correct", String(correctCount)),
      .init("position.epoch_seconds", "\(epochSeconds)"),
      .init("position.run_seconds", "\(runSeconds)"),
      .init("position.test_accuracy", "\(testAccuracy)"),
      .init("position.best_test_accuracy", "\(bestTestAccuracy)"),
      .init("position.finished", String(isFinished)),
    ]
  }

  /// Larger than any run's numbers, and so small that arithmetic on a few of them fits in 64 bits.
  private static let countLimit = 1 << 31

  /// Nil where a field is missing, is none or is beyond the limit.
  init?(_ file: Safetensors) {
    func count(_ key: String) -> Int? {
      file.number(key) { Int($0) }.flatMap { (0...Self.countLimit).contains($0) ? $0 : nil }
    }
    func amount(_ key: String) -> Double? {
      file.number(key) { Double($0) }.flatMap { $0.isFinite ? $0 : nil }
    }
    guard let epoch = count("position.epoch"), epoch >= 1,
      let step = count("position.step"), let runStep = count("position.run_step"), runStep >= step,
      let lossSum = amount("position.loss_sum"), let correctCount = count("position.correct"),
      let epochSeconds = amount("position.epoch_seconds"),
      let runSeconds = amount("position.run_seconds"),
      let testAccuracy = amount("position.test_accuracy"),
      let bestTestAccuracy = amount("position.best_test_accuracy"),
      let isFinished = file.number("position.finished", { Bool($0) })
    else { return nil }
    self.init()
    (self.epoch, self.step, self.runStep) = (epoch, step, runStep)
    (self.lossSum, self.correctCount) = (lossSum, correctCount)
    (self.epochSeconds, self.runSeconds) = (epochSeconds, runSeconds)
    (self.testAccuracy, self.bestTestAccuracy) = (testAccuracy, bestTestAccuracy)
    self.isFinished = isFinished
  }
}

extension Safetensors {
  /// A metadata value as what `parse` makes of it.
  fileprivate func number<Value>(_ key: String, _ parse: (String) -> Value?) -> Value? {
    value(of: key).flatMap(parse)
  }
}
