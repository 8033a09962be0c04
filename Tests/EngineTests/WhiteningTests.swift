// A first convolution that whitens the images: its weights against PyTorch's, and that they stay.

import Foundation
import PTrainDatasets
import PTrainDiagnostics
import PTrainKernels
import PTrainNetworks
import Testing

@testable import PTrainEngine

/// What Golden/make_whitening_golden.py wrote.
private struct WhiteningGolden: Decodable {
  struct Case: Decodable {
    let channels: Int
    let filters: Int
    let kernel: [Int]
    let dilation: Int
    let whiten: Double
    let means: [Float]
    let deviations: [Float]
    let pixels: [UInt8]
    let weight: [Float]
  }

  let count: Int
  let height: Int
  let width: Int
  let cases: [Case]
}

@Suite struct WhiteningTests {
  private func golden() throws -> WhiteningGolden {
    let url = try #require(
      Bundle.module.url(forResource: "Golden/whitening", withExtension: "json"))
    return try JSONDecoder().decode(WhiteningGolden.self, from: Data(contentsOf: url))
  }

  @Test func weightsAreThoseOfPyTorch() throws {
    let golden = try golden()
    for values in golden.cases {
      let conv = Convolution(
        values.filters, kernel: Extents(values.kernel[0], values.kernel[1]),
        dilation: values.dilation)
      let network = try Network(
        description: ModelDescription(
          name: "m", layers: [.conv(conv), .globalAveragePool, .classes]),
        input: Shape(channels: values.channels, height: golden.height, width: golden.width),
        classCount: 2)
      var recipe = Recipe()
      recipe.whiten = values.whiten
      let images = try ImageSet(
        height: golden.height, width: golden.width, channels: values.channels,
        images: values.pixels, labels: .init(repeating: 1, count: golden.count))
      let normalization = Normalization(
        means: values.means, standardDeviations: values.deviations)
      let state = try ModelState.first(
        of: network, recipe, images: images, normalization: normalization, seed: 4)
      let found = try #require(state["conv1.weight"])
      #expect(found.count == values.weight.count)
      for (ours, theirs) in zip(found, values.weight) { #expect(abs(ours - theirs) < 2e-5) }
      #expect(state["conv1.bias"]?.allSatisfy { $0 == 0 } == true)
      // The rest is drawn as ever.
      let drawn = ModelState.initial(network: network, seed: 4)
      #expect(state["fc1.weight"] == drawn["fc1.weight"])
    }
  }

  // MARK: Training

  private func run() throws -> NoiseRun {
    var description = try ModelDescription.preset(named: "tiny")
    description.layers[0] = .conv(filters: 24, kernel: 2, stride: 1, padding: 0, bias: true)
    (description.recipe.whiten, description.recipe.averageDecay) = (0.0005, 0.9)
    return try NoiseRun(
      description, input: Shape(channels: 3, height: 12, width: 12), training: 75, test: 20,
      batchSize: 32)
  }

  @Test func theWeightStaysAndItsBiasLearns() throws {
    for optimizer in Recipe.Optimizer.allCases {
      var description = try ModelDescription.preset(named: "tiny")
      description.layers[0] = .conv(filters: 24, kernel: 2, stride: 1, padding: 0, bias: true)
      (description.recipe.optimizer, description.recipe.whiten) = (optimizer, 0.01)
      description.recipe.learningRate = optimizer.usualLearningRate
      let run = try NoiseRun(
        description, input: Shape(channels: 3, height: 12, width: 12), training: 75, test: 20,
        batchSize: 32)
      let trainer = try run.trainer(threads: 2)
      let start = trainer.snapshot.model
      try trainer.run { _ in }
      let end = trainer.snapshot.model
      for tensor in start.layout.tensors {
        let isKept = start[tensor.name] == end[tensor.name]
        #expect(isKept == (tensor.name == "conv1.weight"), "\(optimizer): \(tensor.name)")
      }
      let draws = ModelState.initial(network: trainer.network, seed: 1)
      #expect(start["conv1.weight"] != draws["conv1.weight"])
    }
  }

  private struct Stop: Error {}

  @Test func threadsNodesRanksAndStopsKeepTheBits() throws {
    var run = try run()
    let expected = try run.outcome(threads: 1)
    for (threads, nodes, cpuCount) in [(2, 1, 2), (3, 2, 16), (16, 1, 16)] {
      (run.nodes, run.cpuCount) = (nodes, cpuCount)
      #expect(try run.outcome(threads: threads) == expected, "\(threads) threads, \(nodes) nodes")
    }
    for ranks in [2, 3] {
      let outcomes = try ThreadRanks.run(ranks) { [run] communicator in
        try run.outcome(threads: 2, communicator: communicator)
      }
      #expect(outcomes.allSatisfy { $0 == expected }, "\(ranks) ranks")
    }
    let first = try run.trainer(threads: 2)
    #expect(throws: Stop.self) {
      try first.run { event in
        if case .step = event, first.snapshot.position.runStep == 4 { throw Stop() }
      }
    }
    let resumed = try run.outcome(threads: 3, from: first.snapshot)
    #expect(resumed.state == expected.state && resumed.losses == Array(expected.losses[4...]))
  }

  /// A run from a model has that model's first convolution, and keeps it.
  @Test func aModelToStartFromIsNotWhitened() throws {
    let run = try run()
    let network = try run.trainer(threads: 1).network
    let start = ModelState.initial(network: network, seed: 9)
    let trainer = try run.trainer(threads: 1, from: TrainingSnapshot(startingFrom: start))
    try trainer.run { _ in }
    #expect(trainer.snapshot.model["conv1.weight"] == start["conv1.weight"])
  }

  /// The range test's first minibatch is met by the same network.
  @Test func ratesAreSearchedWithIt() throws {
    var description = try ModelDescription.preset(named: "tiny")
    description.recipe.batchSize = 16
    let images = try ImageSet.synthetic(count: 40, height: 12, width: 12, classCount: 4)
    let losses = try [0, 0.1].map { epsilon in
      description.recipe.whiten = epsilon
      let network = try Network(
        description: description, input: Shape(channels: 1, height: 12, width: 12), classCount: 4)
      return try RateTest.run(
        RateRange(stepCount: 1), network: network, recipe: description.recipe, images: images,
        normalization: .mnist, seed: 1, configuration: TestData.configuration()
      ).points[0].loss
    }
    #expect(losses[0] != losses[1])
  }

  // MARK: Refusals

  private func refusal(
    _ layers: [Layer], input: Shape = Shape(channels: 3, height: 5, width: 5)
  ) throws -> String? {
    var recipe = Recipe()
    recipe.whiten = 0.1
    let network = try Network(
      description: ModelDescription(name: "m", layers: layers, recipe: recipe), input: input,
      classCount: 2)
    let images = try ImageSet.synthetic(count: 4, height: 5, width: 5, classCount: 2)
    do {
      let state = try ModelState.first(
        of: network, recipe, images: images, normalization: .mnist, seed: 1)
      _ = try Session(
        network, state: state, configuration: TestData.configuration(), sampleCapacity: 4,
        recipe: recipe)
      return nil
    } catch let failure as Failure { return failure.message }
  }

  @Test func refusesWhatCannotWhiten() throws {
    let grey = Shape(channels: 1, height: 5, width: 5)
    let rest: [Layer] = [.globalAveragePool, .classes]
    let first = "needs a convolution of the images, not in groups"
    #expect(try refusal([.flatten, .classes], input: grey)?.contains(first) == true)
    let coloured: [Layer] = [.depthwise(3)] + rest
    #expect(throws: Failure.self) { try WhitenedConvolution(of: network(coloured)) }
    #expect(throws: Failure.self) {
      try WhitenedConvolution(of: network([.relu, .conv(4)] + rest))
    }
    #expect(throws: Failure.self) { try WhitenedConvolution(of: network([.conv(55)] + rest)) }
    #expect(try WhitenedConvolution(of: network([.conv(54)] + rest)).weight.count == 54 * 27)
    #expect(
      try refusal([.conv(9, kernel: 2)] + rest, input: grey)?.hasSuffix(
        ": whiten makes up to 8 filters of patches of 4 values, there are 9") == true)
    #expect(
      try refusal([.conv(2, kernel: 7, padding: 3)] + rest, input: grey)?.contains(
        "the images have 5x5 pixels, fewer than the window") == true)
    #expect(
      try refusal([.conv(2, kernel: 17, padding: 8)] + rest, input: grey)?.contains(
        "takes patches of up to 256 values, the filters have 289") == true)
    #expect(
      try refusal([.conv(2, bias: false), .globalAveragePool], input: grey)
        == "whiten: m has no other parameters than the weight that it sets")
    #expect(
      try refusal([.conv(2)] + rest)?.contains("have 1 channels, the network takes 3") == true)
    #expect(try refusal([.conv(2)] + rest, input: grey) == nil)
  }

  private func network(_ layers: [Layer]) throws -> Network {
    try Network(
      description: ModelDescription(name: "m", layers: layers),
      input: Shape(channels: 3, height: 9, width: 9), classCount: 2)
  }
}
