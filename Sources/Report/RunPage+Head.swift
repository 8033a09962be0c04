// What the page says in words: its lead, the state of the run, key figures, and the run's facts.

import PTrainArtifacts
import PTrainNetworks

extension RunPage {
  /// `19,970 parameters, trained on MNIST for 19 epochs with seed 1.`
  var lead: String {
    let data = settings.map { " on \($0.data.name)" } ?? ""
    let seed = (settings?.seed ?? history.start?.seed).map { " with seed \($0)" } ?? ""
    return "\(grouped(model.network.layout.parameterCount)) parameters, trained\(data) for "
      + "\(counted(history.epochs.count, "epoch"))\(seed)."
  }

  var status: String {
    let done = history.epochs.last?.epoch ?? 0
    let all = history.start?.epochs.map { " of \($0)" } ?? ""
    switch state {
    case .running: return "Training: epoch \(done)\(all) is done\(timeLeft)"
    case .finished: return "Finished after \(counted(done, "epoch"))"
    case .stopped: return "Not finished: epoch \(done)\(all) is done"
    }
  }

  private var timeLeft: String {
    guard let all = history.start?.epochs, let done = history.epochs.last?.epoch, all > done,
      secondsPerEpoch > 0
    else { return "" }
    return ", about \(clock(Double(all - done) * secondsPerEpoch)) left"
  }

  /// Of the training parts; 0 where nothing is known.
  var secondsPerEpoch: Double {
    history.epochs.isEmpty ? 0 : history.trainingSeconds / Double(history.epochs.count)
  }

  // MARK: Key figures

  var figures: [JSONText] {
    let (last, kept) = (history.epochs.last, kept)
    var figures = [figure("Test accuracy", percent(kept?.testAccuracy), wrongLine)]
    if let kept, kept.epoch != last?.epoch {
      figures.append(figure("Model", "Epoch \(kept.epoch)", "smallest validation loss"))
    } else if let best = history.best, best.epoch != last?.epoch {
      figures.append(figure("Best epoch", percent(best.testAccuracy), "epoch \(best.epoch)"))
    }
    if let validation = kept?.validationAccuracy {
      figures.append(figure("Validation", percent(validation), nil))
    }
    if let loss = kept?.testLoss { figures.append(figure("Test loss", fixed(loss, 4), nil)) }
    figures.append(
      figure("Parameters", grouped(model.network.layout.parameterCount), multiplyAddLine))
    if !history.epochs.isEmpty {
      figures.append(
        figure(
          "Training", duration(history.trainingSeconds), "\(duration(secondsPerEpoch)) an epoch"))
    }
    if let rate = last?.imagesPerSecond, rate.isFinite, rate < 1e12 {
      figures.append(figure("Images a second", grouped(Int(rate)), threadLine))
    }
    return figures
  }

  /// The epoch whose model this is.
  private var kept: RunHistory.Epoch? {
    let digest = model.state.digest
    return history.epochs.last { $0.digest == digest } ?? history.epochs.last
  }

  private func figure(_ name: String, _ value: String, _ note: String?) -> JSONText {
    .object([
      "name": .string(name), "value": .string(value), "note": note.map { .string($0) } ?? .null,
    ])
  }

  private func percent(_ value: Double?) -> String { value.map { fixed($0, 2) + " %" } ?? "–" }

  private func duration(_ seconds: Double) -> String {
    seconds < 60 ? fixed(seconds, 1) + " s" : clock(seconds)
  }

  private var wrongLine: String? {
    guard let correct = kept?.testCorrect, let count = history.start?.testSamples,
      count >= correct
    else { return nil }
    return "\(grouped(count - correct)) of \(grouped(count)) wrong"
  }

  private var multiplyAddLine: String {
    "\(fixed(Double(model.network.multiplyAdds) / 1e6, 2)) M multiply-adds"
  }

  private var threadLine: String? {
    history.start?.threads.map { counted($0, "thread") }
  }

  // MARK: Facts

  var facts: [JSONText] {
    [
      group("Model", modelFacts), group("Data", dataFacts), group("Recipe", recipeFacts),
      group("Machine", machineFacts),
    ]
  }

  private func group(_ title: String, _ facts: [(String, String?)]) -> JSONText {
    .object([
      "title": .string(title),
      "facts": .array(facts.compactMap { name, value in value.map { .strings([name, $0]) } }),
    ])
  }

  private var modelFacts: [(String, String?)] {
    let network = model.network
    return [
      ("Name", network.description.name), ("Input", network.input.text),
      ("Classes", String(network.classCount)),
      ("Parameters", grouped(network.layout.parameterCount)),
      ("Multiply-adds", grouped(network.multiplyAdds)), ("File", directory.modelPath),
    ]
  }

  private func list(_ values: [Float]) -> String {
    values.map { "\($0)" }.joined(separator: ", ")
  }

  private var dataFacts: [(String, String?)] {
    let start = history.start
    return [
      ("Name", settings?.data.name), ("Path", settings?.dataPath),
      ("Training images", start?.trainSamples.map(grouped)),
      ("Held out", settings?.validation.map { "\($0)" }),
      ("Test images", start?.testSamples.map(grouped)),
      ("Mean", list(model.normalization.means)),
      ("Deviation", list(model.normalization.standardDeviations)), ("Digest", start?.dataDigest),
    ]
  }

  private var recipeFacts: [(String, String?)] {
    let (recipe, start) = (model.network.description.recipe, history.start)
    let isSGD = recipe.optimizer == .sgd
    func unlessZero(_ value: Double) -> String? { value == 0 ? nil : "\(value)" }
    return [
      ("Epochs", String(recipe.epochs)), ("Batch size", String(recipe.batchSize)),
      ("Optimizer", recipe.optimizer.rawValue), ("Learning rate", "\(recipe.learningRate)"),
      ("Schedule", recipe.schedule.rawValue),
      ("Momentum", isSGD ? "\(recipe.momentum)\(recipe.nesterov ? ", Nesterov" : "")" : nil),
      ("Weight decay", "\(recipe.weightDecay)"),
      ("Label smoothing", unlessZero(recipe.labelSmoothing)),
      ("Moving average", unlessZero(recipe.averageDecay)),
      ("Rate of BN biases", recipe.biasRate == 1 ? nil : "times \(recipe.biasRate)"),
      (
        "Initialization",
        recipe.initialization == .uniform ? nil : recipe.initialization.rawValue
      ),
      ("Whitening of the first layer", unlessZero(recipe.whiten)),
      ("Class weights", recipe.classWeights.map(Self.text)),
      ("Frozen layers", recipe.freeze == 0 ? nil : String(recipe.freeze)),
      ("Epochs for int8", recipe.quantize == .none ? nil : "the last \(recipe.quantizeEpochs)"),
      ("Augmentation", start?.augment), ("Seed", (settings?.seed ?? start?.seed).map { "\($0)" }),
    ]
  }

  private static func text(_ weights: ClassWeights) -> String {
    switch weights {
    case .balanced: "balanced"
    case .named(let weights):
      weights.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
    }
  }

  private var machineFacts: [(String, String?)] {
    let start = history.start
    return [
      ("Instruction set", start?.instructionSet), ("Threads", start?.threads.map(String.init)),
      ("Processes", start?.ranks.map(String.init)), ("NUMA nodes", start?.nodes.map(String.init)),
    ]
  }
}
