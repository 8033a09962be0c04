// Every optimizer in the engine: the step of its reference, the same bits at any number of threads.

import PTrainDatasets
import PTrainMemory
import PTrainNetworks
import Testing

@testable import PTrainEngine

@Suite struct OptimizerRuleTests {
  private let network: Network
  private let set: ImageSet

  init() throws {
    // Weights of several tiles, a depthwise one, vectors of every kind.
    let layers: [Layer] = [
      .conv(20, padding: 1, bias: false), .batchNorm, .relu, .depthwise(3, padding: 1), .relu,
      .conv(33, kernel: 1), .batchNorm, .relu, .globalAveragePool,
      .dense(features: nil, bias: true),
    ]
    network = try Network(
      description: ModelDescription(name: "small", layers: layers),
      input: Shape(channels: 1, height: 8, width: 8), classCount: 3)
    let stream = RandomStream(seed: 7, purpose: .shuffle)
    set = try ImageSet(
      height: 8, width: 8, images: (0..<40 * 64).map { UInt8(stream.word(element: $0) >> 24) },
      labels: (0..<40).map { UInt16($0 % 3) })
  }

  private func session(_ recipe: Recipe, threads: Int) throws -> Session {
    try Session(
      network, state: .initial(network: network, seed: 3),
      configuration: TestData.configuration(threads: threads), sampleCapacity: recipe.batchSize,
      recipe: recipe)
  }

  @Test(arguments: Recipe.Optimizer.allCases, [1.0, 16])
  func steps(optimizer: Recipe.Optimizer, biasRate: Double) throws {
    var recipe = Recipe()
    (recipe.optimizer, recipe.batchSize, recipe.weightDecay) = (optimizer, 20, 0.05)
    (recipe.learningRate, recipe.biasRate) = (optimizer.usualLearningRate, biasRate)
    let one = try session(recipe, threads: 1)
    var reference = ReferenceOptimizer<Float>(
      layout: network.layout, rule: recipe.rule, biasRate: biasRate)
    var expected = one.state.values
    _ = try one.trainingLosses(set, .mnist, order: [UInt32](0..<20), recipe: recipe)
    reference.step(
      values: &expected, gradient: one.gradient, learningRate: recipe.learningRate)
    for tensor in network.layout.tensors where tensor.isTrainable {
      for place in tensor.range {
        #expect(abs(one.state.values[place] - expected[place]) < 1e-6, "\(tensor.name)")
      }
    }
    let (other, again) = (try session(recipe, threads: 3), try session(recipe, threads: 1))
    for session in [other, again] {
      _ = try session.trainingLosses(set, .mnist, order: [UInt32](0..<40), recipe: recipe)
    }
    #expect(other.state == again.state)
    #expect(other.state != one.state)
  }
}
