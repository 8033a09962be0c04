// Runs that end early: where a plain reading of their epochs says, with the best epoch's model, wherever
// they were interrupted.

import PTrainDatasets
import PTrainEngine
import PTrainKernels
import PTrainNetworks
import Testing

@Suite struct PatienceTests {
  private struct Stop: Error {}

  private struct Outcome {
    var snapshot: TrainingSnapshot
    var epochs: [EpochResult] = []
    var states: [ModelState] = []
    var result: RunResult?
  }

  private let dataset: Dataset
  private let network: Network
  private let recipe: Recipe

  init() throws {
    // Random images: what is learnt of them says nothing about others, so that their loss soon grows.
    var description = try ModelDescription.preset(named: "tiny")
    description.recipe.epochs = 12
    description.recipe.batchSize = 8
    recipe = description.recipe
    var dataset = try Dataset(
      name: "noise",
      training: .synthetic(count: 32, height: 8, width: 8, classCount: 4),
      test: .synthetic(count: 9, height: 8, width: 8, classCount: 4))
    try dataset.holdOutValidation(.count(12), seed: 1)
    self.dataset = dataset
    network = try Network(
      description: description, input: Shape(channels: 1, height: 8, width: 8), classCount: 4)
  }

  private func run(
    patience: Int?, dataset: Dataset? = nil, threads: Int = 1, from start: TrainingSnapshot? = nil,
    stopAfter stop: Int? = nil
  ) throws -> Outcome {
    var options = TrainingOptions()
    options.patience = patience
    let trainer = try Trainer(
      network: network, recipe: recipe, dataset: dataset ?? self.dataset, options: options,
      configuration: EngineConfiguration(
        kernels: try KernelChoice.select(environment: [:]), threadCount: threads, cpuCount: 2),
      from: start)
    var outcome = Outcome(snapshot: trainer.snapshot)
    do {
      try trainer.run { event in
        switch event {
        case .epoch(let result, let state):
          outcome.epochs.append(result)
          outcome.states.append(state)
        case .step: if trainer.snapshot.position.runStep == stop { throw Stop() }
        case .finished(let result): outcome.result = result
        case .started: break
        }
      }
    } catch is Stop {}
    outcome.snapshot = trainer.snapshot
    return outcome
  }

  /// The epoch after which losses say that a run ends, and the best one up to it.
  private func expectedEnd(_ losses: [Double], patience: Int) -> (last: Int, best: Int) {
    for last in 1...losses.count {
      let best = losses[..<last].firstIndex(of: losses[..<last].min()!)! + 1
      if last - best >= patience { return (last, best) }
    }
    return (losses.count, losses.firstIndex(of: losses.min()!)! + 1)
  }

  @Test func endsWhereItsLossesSay() throws {
    let whole = try run(patience: nil)
    let losses = try whole.epochs.map { try #require($0.validation?.loss) }
    #expect(losses.count == 12 && whole.result?.end == .epochs)
    #expect(whole.result?.keptEpoch == losses.firstIndex(of: losses.min()!)! + 1)
    var early = 0
    for patience in 1...12 {
      let expected = expectedEnd(losses, patience: patience)
      let found = try run(patience: patience, threads: 2)
      #expect(found.epochs.map(\.epoch) == Array(1...expected.last), "patience \(patience)")
      #expect(found.epochs.compactMap { $0.validation?.loss } == Array(losses[..<expected.last]))
      #expect(found.result?.keptEpoch == expected.best)
      #expect(found.result?.end == (expected.last < 12 ? .patience : .epochs))
      #expect(found.snapshot.best == found.states[expected.best - 1].values)
      #expect(found.epochs.last { $0.isKept }?.epoch == expected.best)
      #expect(found.result?.bestValidationLoss == losses[expected.best - 1])
      early += expected.last < 12 ? 1 : 0
    }
    #expect(early > 0)
  }

  @Test func everyInterruptionKeepsTheBest() throws {
    let expected = try run(patience: 3)
    #expect(expected.result?.end == .patience)
    for stop in 1...expected.snapshot.position.runStep {
      let first = try run(patience: 3, threads: 2, stopAfter: stop)
      let rest = try run(patience: 3, from: first.snapshot)
      #expect(rest.snapshot.model == expected.snapshot.model, "stopped after step \(stop)")
      #expect(rest.snapshot.best == expected.snapshot.best, "stopped after step \(stop)")
      #expect(rest.result?.keptEpoch == expected.result?.keptEpoch)
      #expect(first.epochs.count + rest.epochs.count == expected.epochs.count)
    }
  }

  @Test func withoutValidationTheLastIsKept() throws {
    var dataset = dataset
    dataset.validation = nil
    let whole = try run(patience: 1, dataset: dataset)
    #expect(whole.epochs.count == 12 && whole.epochs.allSatisfy(\.isKept))
    #expect(whole.snapshot.best == nil && whole.result?.keptEpoch == 12)
    let accuracies = whole.epochs.map(\.test.accuracy)
    #expect(whole.result?.bestTestEpoch == accuracies.firstIndex(of: accuracies.max()!)! + 1)
  }
}
