// Listens to a training run and leaves its files: metrics, model and checkpoints.

import PTrainDatasets
import PTrainDiagnostics
import PTrainEngine
import PTrainNetworks

/// Writes a run's directory as events come in.
package final class RunRecorder {
  private let directory: RunDirectory
  private let network: Network
  private let settings: RunSettings
  private let resumed: TrainingPosition?
  private let report: (String) throws -> Void
  private let store: CheckpointStore
  private var metrics: MetricsFile?
  private var table: MetricsTable?
  /// Of the model file; nil before this process has written it.
  private var modelDigest: String?
  /// Where the run's last checkpoint lies.
  package private(set) var lastCheckpoint: String?

  /// `resumed` is where an earlier process stopped; `report` takes lines for the terminal.
  package init(
    directory: RunDirectory, network: Network, settings: RunSettings,
    resumed: TrainingPosition? = nil, report: @escaping (String) throws -> Void
  ) {
    self.directory = directory
    self.network = network
    self.settings = settings
    self.resumed = resumed
    self.report = report
    store = CheckpointStore(directory: directory.checkpointPath)
    lastCheckpoint = resumed.map { [store] in store.path(ofStep: $0.runStep) }
  }

  /// Throws `Failure` when a file cannot be written; `snapshot` is the run as it stands.
  package func receive(_ event: TrainingEvent, snapshot: () -> TrainingSnapshot) throws {
    switch event {
    case .started(let info): try start(info, best: snapshot().best)
    case .step(let step):
      let runStep = (step.epoch - 1) * step.stepCount + step.step + 1
      if let interval = settings.checkpointInterval, runStep.isMultiple(of: interval) {
        try saveCheckpoint(snapshot())
      }
    case .epoch(let result, let state):
      let snapshot = snapshot()
      try checkNumbers(snapshot)
      let digest = state.digest
      if result.isKept { try keep(state, result, digest: digest) }
      let line = result.metricsLine(digest: digest)
      try metrics?.append(line)
      try table?.append(line)
      // Last: what is in the files by now is not repeated by a run that goes on from here.
      try saveCheckpoint(snapshot)
    case .finished(let result):
      // A run that was finished when it was resumed has written its model before.
      let digest = try modelDigest ?? TrainedModel(contentsOf: directory.modelPath).state.digest
      try metrics?.append(result.metricsLine(digest: digest))
      try report(result.bestLine)
      try report("Model: \(directory.modelPath)\(result.keptText)")
    }
  }

  /// Makes a model the run's.
  private func keep(_ state: ModelState, _ result: EpochResult, digest: String) throws {
    modelDigest = digest
    let model = model(state)
    try model.write(to: directory.modelPath)
    try writeEvaluation(of: model, result, digest: digest)
  }

  /// The checkpoint knows the best model: it may be alone, or a later epoch's be in its place.
  private func restore(_ best: ModelState) throws {
    let digest = best.digest
    if (try? TrainedModel(contentsOf: directory.modelPath).state.digest) != digest {
      try model(best).write(to: directory.modelPath)
    }
    modelDigest = digest
  }

  /// Keeps the run as it stands; throws `badData` where that is none to go on from.
  package func saveCheckpoint(_ snapshot: TrainingSnapshot) throws {
    try checkNumbers(snapshot)
    lastCheckpoint = try store.save(
      Checkpoint(model: model(snapshot.model), snapshot: snapshot, settings: settings))
  }

  /// A step with a finite loss may leave parameters that are none: the next one would tell, too late
  /// for the checkpoints.
  private func checkNumbers(_ snapshot: TrainingSnapshot) throws {
    let (values, position) = (snapshot.model.values, snapshot.position)
    guard
      let tensor = network.layout.tensors.first(where: { !values[$0.range].allSatisfy(\.isFinite) })
    else { return }
    let place =
      position.step > 0
      ? "epoch \(position.epoch), step \(position.step)"
      : "the last step of epoch \(position.epoch - 1)"
    throw Failure(
      .badData,
      "training diverged: \(tensor.name) holds a NaN or an infinity after \(place), first in layer "
        + "\(tensor.name.prefix { $0 != "." }); try a smaller --learning-rate")
  }

  private func writeEvaluation(
    of model: TrainedModel, _ result: EpochResult, digest: String
  ) throws {
    guard let report = EvaluationReport(result.test, classNames: model.classNames) else { return }
    try EvaluationFile(epoch: result.epoch, digest: digest, report: report)
      .write(to: directory.evaluationPath)
  }

  private func model(_ state: ModelState) -> TrainedModel {
    TrainedModel(
      network: network, state: state, normalization: settings.data.normalization,
      classNames: settings.data.classNames, background: settings.preparation.background)
  }

  private func start(_ info: RunInfo, best: [Float]?) throws {
    if let resumed {
      metrics = try MetricsFile(path: directory.metricsPath, keepingEpochsBefore: resumed.epoch)
      table = try MetricsTable(path: directory.tablePath, keepingEpochsBefore: resumed.epoch)
      try metrics?.append(info.resumeLine(at: resumed))
      if let best { try restore(ModelState(layout: network.layout, values: best)) }
      return
    }
    if let aside = try directory.create() {
      try report("\(directory.path) held another run; it is in \(aside) now")
    }
    metrics = try MetricsFile(path: directory.metricsPath)
    table = try MetricsTable(path: directory.tablePath)
    try metrics?.append(info.metricsLine(of: settings.data))
  }
}
