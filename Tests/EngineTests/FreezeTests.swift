// Layers that stay as they are, and classes that weigh more than others.

import PTrainDatasets
import PTrainDiagnostics
import PTrainMemory
import PTrainNetworks
import Testing

@testable import PTrainEngine

@Suite struct FreezeTests {
  private let layers: [Layer] = [
    .conv(filters: 6, kernel: 3, stride: 1, padding: 1, bias: false), .batchNorm, .relu,
    .conv(filters: 17, kernel: 3, stride: 2, padding: 1, bias: false), .batchNorm, .relu,
    .globalAveragePool, .dense(features: nil, bias: true),
  ]

  private func network(_ layers: [Layer], _ recipe: Recipe = Recipe()) throws -> Network {
    try Network(
      description: ModelDescription(name: "small", layers: layers, recipe: recipe),
      input: Shape(channels: 1, height: 10, width: 9), classCount: 3)
  }

  private var set: ImageSet {
    get throws {
      let stream = RandomStream(seed: 6, purpose: .shuffle)
      return try ImageSet(
        height: 10, width: 9, images: (0..<30 * 90).map { UInt8(stream.word(element: $0) >> 24) },
        labels: (0..<30).map { UInt16($0 % 5 % 3) })
    }
  }

  /// A state whose running statistics are no new network's.
  private func state(_ network: Network) -> ModelState {
    var state = ModelState.initial(network: network, seed: 9)
    let stream = RandomStream(seed: 4, purpose: .shuffle)
    for tensor in network.layout.tensors where !tensor.isTrainable {
      for place in tensor.range { state.values[place] = 0.3 + stream.uniform(element: place) }
    }
    return state
  }

  @Test func keepsTheFirstLayersAndTheirStatistics() throws {
    let (network, set) = (try network(layers), try set)
    let start = state(network)
    for frozen in 0...4 {
      for optimizer in Recipe.Optimizer.allCases {
        var recipe = Recipe()
        (recipe.freeze, recipe.batchSize, recipe.optimizer) = (frozen, 10, optimizer)
        (recipe.epochs, recipe.weightDecay, recipe.learningRate) = (2, 0.1, 0.01)
        let session = try Session(
          network, state: start, configuration: TestData.configuration(), sampleCapacity: 10,
          recipe: recipe)
        _ = try session.trainingLosses(
          set, .mnist, order: [UInt32](0..<30), recipe: recipe)
        let end = session.state
        let keeping = network.graph.nodes.filter { !$0.tensors.isEmpty }.prefix(frozen)
        let kept = Set(keeping.flatMap(\.tensors).map(\.name))
        for tensor in network.layout.tensors {
          #expect(
            (start[tensor.name] == end[tensor.name]) == kept.contains(tensor.name),
            "\(tensor.name) of \(frozen)")
        }
      }
    }
  }

  /// With all but the last layer frozen, training sees what a test sees.
  @Test func aFrozenNormUsesItsRunningStatistics() throws {
    let (network, set) = (try network(layers), try set)
    var recipe = Recipe()
    (recipe.freeze, recipe.batchSize) = (4, 30)
    let session = try Session(
      network, state: state(network), configuration: TestData.configuration(), sampleCapacity: 30,
      recipe: recipe)
    let tested = try session.evaluate(set, .mnist).loss
    let trained = try session.trainingLosses(
      set, .mnist, order: [UInt32](0..<30), recipe: recipe)[0]
    #expect(abs(trained - tested) < 1e-5)
    recipe.freeze = 3
    let other = try Session(
      network, state: state(network), configuration: TestData.configuration(), sampleCapacity: 30,
      recipe: recipe)
    let thawed = try other.trainingLosses(
      set, .mnist, order: [UInt32](0..<30), recipe: recipe)[0]
    #expect(abs(thawed - tested) > 1e-3)
  }

  @Test func somethingMustBeLeftToTrain() throws {
    var recipe = Recipe()
    recipe.freeze = 5
    let network = try network(layers)
    let error = #expect(throws: Failure.self) {
      try Session(
        network, state: state(network), configuration: TestData.configuration(),
        sampleCapacity: 10, recipe: recipe)
    }
    #expect(
      error?.message
        == "freeze: 5 layers, but small has 5 with parameters; expected up to 4")
  }

  // MARK: Weights of classes

  @Test(arguments: [0.0, 0.1]) func weightsAreTheReferences(smoothing: Double) throws {
    let network = try network(layers)
    for fusion in [Fusion.full, .none] {
      let run = try ReferenceComparison(
        network, state: state(network), set: set, normalization: .mnist, order: [UInt32](0..<27),
        labelSmoothing: smoothing, classWeights: [0.25, 3, 1], fusion: fusion,
        configuration: TestData.configuration())
      #expect(abs(run.loss - run.referenceLoss) < 1e-5)
      for (name, error) in run.gradientErrors() { #expect(error < 1e-4, "\(name)") }
      let even = try ReferenceComparison(
        network, state: state(network), set: set, normalization: .mnist, order: [UInt32](0..<27),
        labelSmoothing: smoothing, fusion: fusion, configuration: TestData.configuration())
      #expect(abs(even.loss - run.loss) > 1e-3)
    }
  }

  @Test func balancedClassesCountTheSame() throws {
    let factors = try ClassWeights.balanced.factors(
      names: ["a", "b", "c"], sampleCounts: [10, 30, 0])
    #expect(factors == [2, 2 / 3, 1])
    let named = ClassWeights.named(["c": 4, "a": 0.5])
    #expect(try named.factors(names: ["a", "b", "c"], sampleCounts: [1, 1, 1]) == [0.5, 1, 4])
    #expect(throws: Failure.self) { try named.factors(names: ["a", "b"], sampleCounts: [1, 1]) }
  }
}
