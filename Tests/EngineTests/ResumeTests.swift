// A run that goes on from a snapshot ends as one that never stopped, wherever it stopped.

import PTrainDatasets
import PTrainEngine
import PTrainKernels
import PTrainNetworks
import Testing

@Suite struct ResumeTests {
  private struct Stop: Error {}

  private let dataset: Dataset
  private let network: Network
  private let recipe: Recipe

  init() throws {
    // Both optimizers' moments matter: dropout, momentum and a rate that changes each step.
    var description = try ModelDescription.preset(named: "tiny")
    description.recipe.epochs = 2
    description.recipe.batchSize = 8
    description.recipe.averageDecay = 0.9
    recipe = description.recipe
    dataset = try Dataset(
      name: "stripes", training: Self.stripes(count: 20), test: Self.stripes(count: 9))
    network = try Network(
      description: description, input: Shape(channels: 1, height: 8, width: 8), classCount: 4)
  }

  private static func stripes(count: Int) throws -> ImageSet {
    let images = (0..<count * 64).map { (index: Int) -> UInt8 in
      UInt8((index * 7919 + index / 64 * 131) % 251)
    }
    return try ImageSet(
      height: 8, width: 8, images: images, labels: (0..<count).map { UInt16($0 % 4) })
  }

  private func trainer(
    _ recipe: Recipe, threads: Int, from snapshot: TrainingSnapshot? = nil
  ) throws -> Trainer {
    let configuration = EngineConfiguration(
      kernels: try KernelChoice.select(environment: [:]), threadCount: threads, cpuCount: 2)
    return try Trainer(
      network: network, recipe: recipe, dataset: dataset, options: TrainingOptions(),
      configuration: configuration, from: snapshot)
  }

  private func end(_ trainer: Trainer) throws -> (TrainingSnapshot, [EpochResult]) {
    var epochs: [EpochResult] = []
    try trainer.run { event in
      if case .epoch(let result, _) = event { epochs.append(result) }
    }
    return (trainer.snapshot, epochs)
  }

  @Test(arguments: [Recipe.Optimizer.sgd, .adam])
  func everyStopEndsInTheSameModel(optimizer: Recipe.Optimizer) throws {
    var recipe = recipe
    recipe.optimizer = optimizer
    let (expected, expectedEpochs) = try end(trainer(recipe, threads: 1))
    #expect(expected.position.isFinished && expected.position.runStep == 6)
    for stop in 1...6 {
      let first = try trainer(recipe, threads: 2)
      #expect(throws: Stop.self) {
        try first.run { event in
          if case .step = event, first.snapshot.position.runStep == stop { throw Stop() }
        }
      }
      #expect(first.snapshot.position.runStep == stop)
      let (resumed, epochs) = try end(trainer(recipe, threads: 3, from: first.snapshot))
      #expect(resumed.model == expected.model, "stopped after step \(stop)")
      #expect(resumed.firstMoment == expected.firstMoment)
      #expect(resumed.secondMoment == expected.secondMoment)
      #expect(resumed.average == expected.average)
      #expect(epochs.last?.test == expectedEpochs.last?.test)
      #expect(epochs.last?.training == expectedEpochs.last?.training)
      #expect(epochs.first?.training == expectedEpochs[2 - epochs.count].training)
    }
  }

  @Test func aFinishedRunStaysAsItIs() throws {
    let (expected, _) = try end(trainer(recipe, threads: 1))
    let (resumed, epochs) = try end(trainer(recipe, threads: 1, from: expected))
    #expect(epochs.isEmpty)
    #expect(resumed.model == expected.model)
  }
}
