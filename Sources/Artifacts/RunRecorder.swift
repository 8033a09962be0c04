// Listens to a training run and leaves its files: the metrics and, after every epoch, the model.

import Datasets
import Engine
import Networks

/// Writes a run's directory as events come in.
package final class RunRecorder {
  private let directory: RunDirectory
  private let network: Network
  private let normalization: Normalization
  private let report: (String) throws -> Void
  private var metrics: MetricsFile?
  private var digest = ""

  /// `report` takes lines for the terminal.
  package init(
    directory: RunDirectory, network: Network, normalization: Normalization,
    report: @escaping (String) throws -> Void
  ) {
    self.directory = directory
    self.network = network
    self.normalization = normalization
    self.report = report
  }

  /// Throws `Failure` when a file cannot be written.
  package func receive(_ event: TrainingEvent) throws {
    switch event {
    case .started(let info): try start(info)
    case .step: break
    case .epoch(let result, let state):
      let model = TrainedModel(network: network, state: state, normalization: normalization)
      digest = state.digest
      try model.write(to: directory.modelPath)
      try metrics?.append(result.metricsLine(digest: digest))
    case .finished(let result):
      try metrics?.append(result.metricsLine(digest: digest))
      try report("Model: \(directory.modelPath)")
    }
  }

  private func start(_ info: RunInfo) throws {
    if let aside = try directory.create() {
      try report("\(directory.path) held another run; it is in \(aside) now")
    }
    metrics = try MetricsFile(path: directory.metricsPath)
    try metrics?.append(info.metricsLine)
  }
}
