// What a training command will do, from its options alone or from a checkpoint that it resumes.

import PTrain
import PTrainArtifacts
import PTrainCLibrary
import PTrainDiagnostics
import PTrainEngine

/// A run before its data is read.
struct RunPlan {
  /// With the run's recipe.
  var description: ModelDescription
  /// Nil where the start of training names it.
  var directory: RunDirectory?
  /// Keeps other processes from the directory of a run that goes on.
  var lock: DirectoryLock?
  var data: DataOptions
  var seed: UInt64
  var limitTrain: Int?
  var validation: SplitSize?
  var testShare: Double?
  var targetAccuracy: Double?
  var patience: Int?
  var checkpointInterval: Int?
  /// Where an earlier process stopped.
  var checkpoint: PTrainArtifacts.Checkpoint?
  /// A file with the first parameters, and its name.
  var start: (file: Safetensors, path: String)?
  /// Whether the last layer begins at random nevertheless.
  var resetsHead = false

  func settings(_ data: DataFingerprint) -> RunSettings {
    var settings = RunSettings(seed: seed, data: data)
    settings.limitTrain = limitTrain
    settings.limitTest = self.data.limitTest
    settings.validation = validation
    settings.testShare = testShare
    settings.transposes = self.data.transpose
    settings.preparation = self.data.preparation
    settings.skipsBad = self.data.skipBad
    settings.targetAccuracy = targetAccuracy
    settings.patience = patience
    settings.checkpointInterval = checkpointInterval
    settings.dataPath = self.data.data.map(Terminal.absolutePath)
    return settings
  }

  var options: TrainingOptions {
    var options = TrainingOptions()
    options.seed = seed
    options.targetAccuracy = targetAccuracy
    options.patience = patience
    return options
  }

  /// A run that goes on must do so on the data that it began with.
  func check(_ data: DataFingerprint) throws {
    guard let expected = checkpoint?.settings.data, let directory else { return }
    guard let difference = expected.difference(from: data) else { return }
    throw Failure(
      .badData,
      "\(directory.path): began with other data (\(expected.name)): found \(difference); pass "
        + "--data with the data that the run began with")
  }

  /// What the trainer goes on from; nil for random parameters.
  func snapshot(_ network: Network) throws -> TrainingSnapshot? {
    if let checkpoint { return checkpoint.snapshot }
    return try start.map { file, path in
      TrainingSnapshot(startingFrom: try firstState(file, network, path))
    }
  }

  /// Where a recipe whitens the first convolution but the run begins with one of a file.
  var keptFilterLine: String? {
    guard let start, description.recipe.whiten > 0 else { return nil }
    return "whiten: the first convolution keeps the weights of \(start.path)"
  }

  private func firstState(
    _ file: Safetensors, _ network: Network, _ path: String
  ) throws -> ModelState {
    let withNewHead = Result {
      try ModelState(file, network: network, headSeed: seed, source: path)
    }
    guard !resetsHead else { return try withNewHead.get() }
    do {
      return try ModelState(file, layout: network.layout, source: path)
    } catch let failure as Failure {
      guard case .success = withNewHead else { throw failure }
      throw Failure("", failure, "; --reset-head begins the last layer anew")
    }
  }

  /// The run's directory, and what keeps other processes from it.
  ///
  /// Throws `cannotCreate` where it cannot be made or another run is going on in it.
  func claimDirectory() throws -> (RunDirectory, DirectoryLock) {
    let directory =
      try directory ?? .make(model: description.name, time: time(nil))
    if let lock { return (directory, lock) }
    try makeDirectory(directory.path)
    return (directory, try directory.lock())
  }
}

extension Train {
  func newPlan() throws -> RunPlan {
    let start = try self.start.from.map { (file: try Safetensors(modelIn: $0), path: $0) }
    let described = model.model == nil ? try start?.file.description(source: start!.path) : nil
    var description = try described ?? model.description()
    description.recipe = try recipe.apply(to: description.recipe)
    if start != nil, description.recipe.whiten > 0, recipe.sets("whiten") {
      throw Failure(
        .usage,
        "--set whiten=\(description.recipe.whiten): acts on the weights of a new run, --from brings "
          + "those of a file; leave out one of them")
    }
    return RunPlan(
      description: description,
      directory: files.output.map(RunDirectory.init(path:)),
      data: data, seed: course.seed ?? 1, limitTrain: split.limitTrain,
      validation: split.validation,
      testShare: split.testShare, targetAccuracy: course.targetAccuracy,
      patience: course.patience,
      checkpointInterval: files.checkpointEvery, start: start,
      resetsHead: self.start.resetHead)
  }

  /// The rest of the run in a directory.
  ///
  /// Throws `usage` for options that contradict the run.
  func resumedPlan(_ path: String) throws -> RunPlan {
    let directory = RunDirectory(path: path)
    let store = CheckpointStore(directory: directory.checkpointPath)
    // Before its checkpoints are looked at: who writes there removes old ones.
    let isRun = Job.isLeader && fileExists(directory.checkpointPath)
    let lock = isRun ? try directory.lock() : nil
    let checkpoint = try Job.leaderFirst {
      try store.load { Terminal.remark("Warning: \($0)") }
    }
    let settings = checkpoint.settings
    try refuseContradictions(to: checkpoint)
    try refuseStopped(checkpoint.snapshot.position, directory)
    return RunPlan(
      description: checkpoint.model.network.description, directory: directory, lock: lock,
      data: try DataOptions(of: settings, at: data.data), seed: settings.seed,
      limitTrain: settings.limitTrain, validation: settings.validation,
      testShare: settings.testShare,
      targetAccuracy: settings.targetAccuracy, patience: settings.patience,
      checkpointInterval: files.checkpointEvery ?? settings.checkpointInterval,
      checkpoint: checkpoint)
  }

  private func refuseContradictions(to checkpoint: PTrainArtifacts.Checkpoint) throws {
    let settings = checkpoint.settings
    let description = checkpoint.model.network.description
    var found = try recipe.contradictions(to: description.recipe)
    if let given = model.model {
      let other = try model.description()
      if other.name != description.name || other.layers != description.layers {
        found.append("--model \(given)")
      }
    }
    found += [
      contradiction("--seed", course.seed, settings.seed),
      contradiction("--limit-train", split.limitTrain, settings.limitTrain),
      contradiction("--limit-test", data.limitTest, settings.limitTest),
      contradiction("--validation", split.validation, settings.validation),
      contradiction("--test-share", split.testShare, settings.testShare),
      contradiction("--target-accuracy", course.targetAccuracy, settings.targetAccuracy),
      contradiction("--patience", course.patience, settings.patience),
    ].compactMap { $0 }
    if data.transpose && !settings.transposes { found.append("--transpose") }
    found += [
      contradiction("--size", data.size, settings.preparation.size),
      contradiction("--channels", data.channels, settings.preparation.channels),
      contradiction("--background", data.background, settings.preparation.background),
    ].compactMap { $0 }
    if data.skipBad && !settings.skipsBad { found.append("--skip-bad") }
    guard found.isEmpty else {
      throw Failure(
        .usage, "\(found.joined(separator: ", ")): contradicts the run that --resume goes on with")
    }
  }
}

extension Train {
  /// A run that its validation loss has ended is no unfinished one.
  private func refuseStopped(_ position: TrainingPosition, _ directory: RunDirectory) throws {
    guard position.end == .patience, let loss = position.bestValidationLoss,
      try MetricsFile.hasEnd(directory.metricsPath)
    else { return }
    let (last, best) = (position.epoch - 1, position.bestValidationEpoch)
    throw Failure(
      .usage,
      "--resume \(directory.path): stopped early, there is nothing to go on with: epochs \(best + 1) to "
        + "\(last) brought no smaller validation loss than epoch \(best) (\(fixed(loss, 4))), whose model "
        + "is \(directory.modelPath); --from \(directory.modelPath.shellWord) trains it further")
  }
}

/// The option as it was given, where that is something else than the run has.
func contradiction<Value: Equatable>(
  _ option: String, _ given: Value?, _ actual: Value?
) -> String? {
  given.flatMap { $0 == actual ? nil : "\(option) \($0)" }
}
