// A run that leaves the numbers names the layer where that happened first, and a test that does is
// no result.

import PTrainDatasets
import PTrainDiagnostics
import PTrainNetworks
import Testing

@testable import PTrainEngine

@Suite struct DivergenceTests {
  @Test func aNaNHasNoSign() {
    #expect([.nan, -.nan, -.infinity, 0.5].map(lossText) == ["nan", "nan", "-inf", "0.5"])
  }

  /// Presets on images of their size: first stages that store no output, or a pooled one alone.
  @Test(arguments: [
    ("tiny", "fc1.bias", "fc1"), ("compact", "fc1.bias", "fc1"), ("eva8", "fc2.bias", "fc2"),
    ("tiny", "conv1.weight", "conv1"), ("compact", "conv1.weight", "conv1"),
    ("eva8", "conv1.weight", "conv1"), ("compact", "bn1.weight", "bn1"),
    ("compact", "conv3.weight", "conv3"), ("eva8", "bn2.bias", "bn2"),
  ])
  func theFirstLayerIsNamed(model: String, tensor: String, layer: String) throws {
    let message = try failure(model, tensor) { try $0.run { _ in } }
    #expect(message.contains("training diverged: the loss is nan in epoch 1, step 1, "))
    #expect(message.contains("first in layer \(layer);"), "\(message)")
  }

  @Test(arguments: ["fc1.bias", "conv2.weight", "bn3.running_mean", "bn1.running_var"])
  func aTestWithoutNumbersIsNoResult(tensor: String) throws {
    let (network, state, set) = try spoiled("compact", tensor)
    let session = try Session(
      network, state: state, configuration: TestData.configuration(), sampleCapacity: 16)
    let failure = try #require(throws: Failure.self) { try session.evaluate(set, .mnist) }
    #expect(failure.kind == .badData)
    let layer = tensor.prefix { $0 != "." }
    #expect(failure.message == "the test loss is nan, first in layer \(layer)")
  }

  private func failure(
    _ model: String, _ tensor: String, _ body: (Trainer) throws -> Void
  ) throws -> String {
    let (network, state, set) = try spoiled(model, tensor)
    let zeros = [Float](repeating: 0, count: state.values.count)
    let trainer = try Trainer(
      network: network, recipe: network.description.recipe,
      dataset: Dataset(name: "random", training: set, test: set), options: TrainingOptions(),
      configuration: TestData.configuration(),
      from: TrainingSnapshot(
        model: state, firstMoment: zeros, secondMoment: zeros, average: state.values,
        position: TrainingPosition()))
    return try #require(throws: Failure.self) { try body(trainer) }.message
  }

  /// A preset whose tensor's last value is no number, and images of its size.
  private func spoiled(
    _ model: String, _ tensor: String
  ) throws -> (Network, ModelState, ImageSet) {
    let network = try Network(
      description: .preset(named: model), input: Shape(channels: 1, height: 28, width: 28),
      classCount: 10)
    var state = ModelState.initial(network: network, seed: 1)
    state.values[try #require(network.layout[tensor]).range.upperBound - 1] = .nan
    return (network, state, try .synthetic(count: 24, height: 28, width: 28, classCount: 10))
  }
}
