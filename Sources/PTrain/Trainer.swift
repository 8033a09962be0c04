// Trains a network on a dataset: blocking, or as a sequence of events.

import PTrainArtifacts
import PTrainDatasets
import PTrainDiagnostics
import PTrainEngine
import PTrainInterchange
import PTrainNetworks

/// One training run. The same description, data and seed give the same model, bit for bit, at any number of
/// threads, on any instruction set.
public final class Trainer: @unchecked Sendable {
  /// What a run is asked to do besides the description's recipe.
  public typealias Options = TrainingOptions

  private let engine: PTrainEngine.Trainer
  package let network: Network
  private let dataset: Dataset
  private let options: Options
  private let control = RunControl()

  /// A new run of `description`'s recipe.
  ///
  /// `start` is a model with the first parameters, of the same layers; nil stands for random ones. A
  /// recipe's `whiten` leaves the first convolution of `start` as it is.
  ///
  /// Throws `.usage` for a recipe or options out of range, `.badData` for layers that do not fit the images
  /// or the start.
  public convenience init(
    _ description: ModelDescription, on dataset: Dataset, options: Options = Options(),
    startingFrom start: TrainedModel? = nil, machine: Machine = .automatic
  ) throws {
    try self.init(description, dataset, options, try machine.configuration()) { network in
      guard let start else { return nil }
      guard start.value.network.layout == network.layout else {
        throw Failure(
          .badData,
          "the model to start from has other layers than `\(description.name)` on this data")
      }
      return TrainingSnapshot(startingFrom: start.value.state)
    }
  }

  /// The rest of a run, with the bits of one that never stopped; `options` other than the seed may change.
  ///
  /// Throws `.badData` for other data than the run began with.
  public convenience init(
    resuming checkpoint: Checkpoint, on dataset: Dataset, options: Options = Options(),
    machine: Machine = .automatic
  ) throws {
    let settings = checkpoint.value.settings
    if let difference = settings.data.difference(from: DataFingerprint(dataset)) {
      throw Failure(.badData, "the run began with other data: found \(difference)")
    }
    var options = options
    options.seed = settings.seed
    let configuration = try machine.configuration()
    try self.init(checkpoint.model.description, dataset, options, configuration) { _ in
      checkpoint.value.snapshot
    }
  }

  /// A run from what `snapshot` answers for its network; nil stands for random parameters.
  package init(
    _ description: ModelDescription, _ dataset: Dataset, _ options: Options,
    _ configuration: EngineConfiguration, _ snapshot: (Network) throws -> TrainingSnapshot?
  ) throws {
    guard options.patience == nil || dataset.validation != nil else {
      throw Failure(
        .usage,
        "a patience of \(options.patience!) epochs needs a validation set to watch; hold some of the "
          + "training images out")
    }
    network = try Network(
      description: description, input: dataset.training.imageShape, classCount: dataset.classCount)
    (self.dataset, self.options) = (dataset, options)
    var engineOptions = options
    try engineOptions.calibrate(
      description.recipe, network, dataset, threadCount: configuration.threadCount)
    engine = try PTrainEngine.Trainer(
      network: network, recipe: description.recipe, dataset: dataset, options: engineOptions,
      configuration: configuration, from: try snapshot(network))
  }

  /// Trains to the end and returns the run's model: that of the smallest validation loss, without a
  /// validation set that of the last epoch.
  ///
  /// `receive` is called in order on this thread; what it throws ends the run. Throws `.badData` where the
  /// training diverges, and `CancellationError` after `cancel`.
  @discardableResult
  public func run(_ receive: (TrainingEvent) throws -> Void = { _ in }) throws -> TrainedModel {
    try record { event in try receive(translated(event)) }
  }

  /// The same with the engine's events, which a run directory is made of.
  @discardableResult
  package func record(
    _ receive: (PTrainEngine.TrainingEvent) throws -> Void
  ) throws -> TrainedModel {
    let snapshot = { [engine] in engine.snapshot }
    return try control.run(answeringWith: snapshot) {
      try withoutActuallyEscaping(receive) { receive in
        do {
          try engine.run { [self] event in
            try receive(event)
            control.answer(snapshot)
            switch control.end {
            case .stop: throw Stopped()
            case .cancel: throw CancellationError()
            case nil: break
            }
          }
        } catch is Stopped {}
      }
      return model(engine.keptState)
    }
  }

  private struct Stopped: Error {}

  /// The run on a thread of its own, as a sequence of what happens.
  ///
  /// A task that leaves the loop, or is cancelled in it, ends the run within a step. The sequence throws what
  /// `run` throws.
  public func events() -> AsyncThrowingStream<TrainingEvent, any Error> {
    AsyncThrowingStream(TrainingEvent.self, bufferingPolicy: .unbounded) { continuation in
      continuation.onTermination = { [control] reason in
        if case .cancelled = reason { control.ask(.cancel) }
      }
      do throws(SystemThread.Refusal) {
        let thread = try SystemThread { [self] in
          do {
            try run { continuation.yield($0) }
            continuation.finish()
          } catch {
            continuation.finish(throwing: error)
          }
        }
        thread.detach()
      } catch {
        continuation.finish(
          throwing: Failure(.fault, "the system gives no thread to train on (error \(error.code))"))
      }
    }
  }

  /// Whether steps are being done; from any thread.
  public var isRunning: Bool { control.isRunning }

  /// Ends the run after its step, with the best model so far; from any thread.
  public func stop() { control.ask(.stop) }

  /// Ends the run after its step with `CancellationError`; from any thread.
  public func cancel() { control.ask(.cancel) }

  /// The run as it stands; for the receiver of `record`, on whose thread nothing changes meanwhile.
  package var snapshot: TrainingSnapshot { control.snapshot { engine.snapshot } }

  /// The run between two steps; from any thread, which waits for the step's end.
  public func checkpoint() -> Checkpoint {
    let snapshot = snapshot
    var settings = RunSettings(seed: options.seed, data: DataFingerprint(dataset))
    settings.targetAccuracy = options.targetAccuracy
    settings.patience = options.patience
    return Checkpoint(
      PTrainArtifacts.Checkpoint(
        model: model(snapshot.model).value, snapshot: snapshot, settings: settings))
  }

  private func translated(_ event: PTrainEngine.TrainingEvent) -> TrainingEvent {
    switch event {
    case .started(let info): return .started(TrainingStart(info))
    case .step(let step): return .step(TrainingProgress(step))
    case .epoch(let result, let state):
      return .epoch(TrainingEpoch(result, model: model(state)))
    case .finished(let result): return .finished(TrainingEnd(result))
    }
  }

  private func model(_ state: ModelState) -> TrainedModel {
    TrainedModel(
      PTrainArtifacts.TrainedModel(
        network: network, state: state, normalization: dataset.normalization,
        classNames: dataset.classNames))
  }
}
