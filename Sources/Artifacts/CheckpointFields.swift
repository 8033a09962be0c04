// A run's settings and position as metadata of its checkpoint: each field one string, numbers so
// that they read back bit for bit.

import PTrainDatasets
import PTrainDiagnostics
import PTrainEngine
import PTrainImageFiles

extension RunSettings {
  var metadata: [Safetensors.Entry] {
    let required: [Safetensors.Entry] = [
      .init("run.seed", String(seed)), .init("run.data", data.name),
      .init("run.train_samples", String(data.trainSampleCount)),
      .init("run.test_samples", String(data.testSampleCount)),
    ]
    let parts = DataDigests.Part.allCases.filter { $0.isRequired || !data.digests[$0].isEmpty }
    let digests = parts.map { part in
      Safetensors.Entry(Self.key(of: part), data.digests[part])
    }
    let optional = [
      ("run.limit_train", limitTrain.map(String.init)),
      ("run.limit_test", limitTest.map(String.init)),
      ("run.validation", validation.map { "\($0)" }),
      ("run.test_share", testShare.map { "\($0)" }),
      ("run.transpose", transposes ? "true" : nil),
      ("run.size", preparation.size?.description),
      ("run.channels", preparation.channels?.rawValue),
      ("run.background", preparation.background == .white ? nil : preparation.background.text),
      ("run.skip_bad", skipsBad ? "true" : nil),
      ("run.target_accuracy", targetAccuracy.map { "\($0)" }),
      ("run.patience", patience.map(String.init)),
      ("run.checkpoint_every", checkpointInterval.map(String.init)),
      ("run.data_directory", dataPath),
    ]
    return required + digests + optional.compactMap { key, value in value.map { .init(key, $0) } }
  }

  /// `run.digest_of_training_images` …
  private static func key(of part: DataDigests.Part) -> String {
    "run.digest_of_" + part.rawValue.replacing(" ", with: "_")
  }

  /// Whether a file has settings, and none of what tells its data apart.
  static func lacksDigests(_ file: Safetensors) -> Bool {
    file.value(of: "run.data") != nil
      && DataDigests.Part.allCases.allSatisfy { file.value(of: key(of: $0)) == nil }
  }

  /// Nil where a field is missing or is none.
  init?(_ file: Safetensors, _ model: TrainedModel) {
    guard let seed = file.number("run.seed", { UInt64($0) }),
      let name = file.value(of: "run.data"),
      let trainSampleCount = file.number("run.train_samples", { Int($0) }),
      let testSampleCount = file.number("run.test_samples", { Int($0) })
    else { return nil }
    var digests: [DataDigests.Part: String] = [:]
    for part in DataDigests.Part.allCases {
      let digest = file.value(of: Self.key(of: part))
      guard digest != nil || !part.isRequired else { return nil }
      digests[part] = digest
    }
    self.init(
      seed: seed,
      data: DataFingerprint(
        name: name, trainSampleCount: trainSampleCount, testSampleCount: testSampleCount,
        normalization: model.normalization, classNames: model.classNames,
        digests: DataDigests(digests)))
    guard let limitTrain = file.optional("run.limit_train", { Int($0) }),
      let limitTest = file.optional("run.limit_test", { Int($0) }),
      let validation = file.optional("run.validation", { SplitSize($0) }),
      let testShare = file.optional("run.test_share", { Double($0) }),
      let size = file.optional("run.size", { ImageSize($0) }),
      let channels = file.optional("run.channels", { ImageChannels(rawValue: $0) }),
      let background = file.optional("run.background", { RGBColor($0) }),
      let targetAccuracy = file.optional("run.target_accuracy", { Double($0) }),
      let patience = file.optional("run.patience", { Int($0) }),
      let checkpointInterval = file.optional("run.checkpoint_every", { Int($0) })
    else { return nil }
    (self.limitTrain, self.limitTest) = (limitTrain, limitTest)
    (self.validation, self.testShare, self.targetAccuracy) = (validation, testShare, targetAccuracy)
    transposes = file.value(of: "run.transpose") == "true"
    (preparation.size, preparation.channels) = (size, channels)
    preparation.background = background ?? .white
    skipsBad = file.value(of: "run.skip_bad") == "true"
    (self.patience, self.checkpointInterval) = (patience, checkpointInterval)
    dataPath = file.value(of: "run.data_directory")
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
      .init("position.best_test_epoch", String(bestTestEpoch)),
      .init("position.finished", String(isFinished)),
    ] + optionalMetadata
  }

  private var optionalMetadata: [Safetensors.Entry] {
    let validation = bestValidationLoss.map { loss in
      [
        Safetensors.Entry("position.best_validation_loss", "\(loss)"),
        .init("position.best_validation_epoch", String(bestValidationEpoch)),
      ]
    }
    return (validation ?? []) + (end.map { [.init("position.end", $0.rawValue)] } ?? [])
  }

  /// Larger than any run's numbers, and so small that arithmetic on a few of them fits in 64 bits.
  private static let countLimit = 1 << 31

  /// Throws `fault` for a position that would be refused when it is read.
  func check(_ path: String) throws(Failure) {
    let counts = [epoch, step, runStep, correctCount]
    let amounts = [
      lossSum, epochSeconds, runSeconds, testAccuracy, bestTestAccuracy, bestValidationLoss ?? 0,
    ]
    guard counts.allSatisfy({ (0...Self.countLimit).contains($0) }), epoch >= 1, runStep >= step,
      (0..<epoch).contains(bestTestEpoch), (0..<epoch).contains(bestValidationEpoch),
      amounts.allSatisfy(\.isFinite)
    else {
      throw Failure(
        .fault,
        "\(path): not written, it could not be read again: epoch \(epoch), step \(step), \(runStep) of "
          + "the run; counts may go up to \(Self.countLimit)")
    }
  }

  /// Nil where a field is missing, is none or is beyond the limit.
  init?(_ file: Safetensors) {
    func count(_ key: String) -> Int? {
      file.number(key) { Int($0) }.flatMap { (0...Self.countLimit).contains($0) ? $0 : nil }
    }
    func amount(_ key: String) -> Double? {
      file.number(key) { Double($0) }.flatMap { $0.isFinite ? $0 : nil }
    }
    /// 0 for a file without the key.
    func tested(_ key: String, before epoch: Int) -> Int? {
      let known = file.value(of: key) == nil ? 0 : count(key)
      return known.flatMap { $0 < epoch ? $0 : nil }
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
    // Earlier versions kept no more.
    let end = file.optional("position.end") { RunEnd(rawValue: $0) }
    let loss = file.optional("position.best_validation_loss") { Double($0) }
    guard let end, let loss, loss?.isFinite ?? true, isFinished || end == nil,
      let bestTestEpoch = tested("position.best_test_epoch", before: epoch),
      let bestValidationEpoch = tested("position.best_validation_epoch", before: epoch),
      (loss != nil) == (bestValidationEpoch > 0)
    else { return nil }
    self.init()
    (self.epoch, self.step, self.runStep) = (epoch, step, runStep)
    (self.lossSum, self.correctCount) = (lossSum, correctCount)
    (self.epochSeconds, self.runSeconds) = (epochSeconds, runSeconds)
    (self.testAccuracy, self.bestTestAccuracy) = (testAccuracy, bestTestAccuracy)
    (self.bestTestEpoch, self.bestValidationEpoch) = (bestTestEpoch, bestValidationEpoch)
    bestValidationLoss = loss
    self.end = isFinished ? end ?? .epochs : nil
  }
}

extension Safetensors {
  /// A metadata value as what `parse` makes of it.
  fileprivate func number<Value>(_ key: String, _ parse: (String) -> Value?) -> Value? {
    value(of: key).flatMap(parse)
  }

  /// The same where the key may be missing; nil where it is there and does not parse.
  fileprivate func optional<Value>(_ key: String, _ parse: (String) -> Value?) -> Value?? {
    guard let text = value(of: key) else { return .some(nil) }
    return parse(text).map { .some($0) }
  }
}
