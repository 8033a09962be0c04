// Shape inference, names, places and initial values.
// The figures of the presets are the ones that the world counts for these networks.

import PTrainDiagnostics
import PTrainMemory
import Testing

@testable import PTrainNetworks

@Suite struct NetworkTests {
  static let mnist = Shape(channels: 1, height: 28, width: 28)

  private func preset(_ name: String) throws -> Network {
    try Network(
      description: .preset(named: name), input: Self.mnist, classCount: 10)
  }

  @Test func eva8MatchesTheStateDict() throws {
    let network = try preset("eva8")
    #expect(network.layout.parameterCount == 19_822)
    #expect(network.layout.count == 19_822 + 2 * (64 + 32))
    #expect(
      network.layout.tensors.map(\.name) == [
        "conv1.weight", "conv1.bias", "bn1.weight", "bn1.bias", "bn1.running_mean",
        "bn1.running_var", "conv2.weight", "conv2.bias", "bn2.weight", "bn2.bias",
        "bn2.running_mean", "bn2.running_var", "fc1.weight", "fc1.bias", "fc2.weight", "fc2.bias",
      ])
    #expect(network.layout["conv2.weight"]?.shape == [32, 64, 3, 3])
    #expect(network.layout["fc1.weight"]?.shape == [12, 32])
    #expect(network.layout["fc2.bias"]?.range == 20_004..<20_014)
    #expect(network.graph.nodes[3].output == Shape(channels: 64, height: 14, width: 14))
    #expect(network.graph.nodes[7].output == Shape(channels: 32))
    #expect(
      network.graph.nodes.map(\.name).suffix(4) == ["globalAveragePool8", "dropout9", "fc1", "fc2"])
    #expect(network.graph.nodes[1].name == "relu2")
  }

  @Test func tensorsLieWithoutGaps() throws {
    let tensors = try preset("compact").layout.tensors
    for (previous, next) in zip(tensors, tensors.dropFirst()) {
      #expect(previous.range.upperBound == next.offset)
    }
    #expect(tensors[0].offset == 0)
  }

  @Test func stridesAndOddPoolsRoundDown() throws {
    let network = try Network(
      description: ModelDescription(
        name: "odd",
        layers: [
          .conv(filters: 2, kernel: 4, stride: 3, padding: 1, bias: true), .maxPool(size: 2),
          .globalAveragePool, .dense(features: nil, bias: true),
        ]), input: Shape(channels: 3, height: 17, width: 20), classCount: 4)
    #expect(network.graph.nodes[0].output == Shape(channels: 2, height: 6, width: 7))
    #expect(network.graph.nodes[1].output == Shape(channels: 2, height: 3, width: 3))
  }

  @Test func theTwoTwoTwoNetworkFits() throws {
    let network = try Network(
      description: ModelDescription(
        name: "backpropagation",
        layers: [
          .dense(features: 2, bias: false), .sigmoid, .dense(features: 2, bias: false), .sigmoid,
        ]), input: Shape(channels: 2), classCount: 2)
    #expect(network.layout.count == 8)
  }

  static let conv = Layer.conv(filters: 4, kernel: 3, stride: 1, padding: 0, bias: true)
  static let wide = Layer.conv(filters: 65_536, kernel: 3, stride: 1, padding: 1, bias: true)
  static let classes = Layer.dense(features: nil, bias: true)

  @Test(
    arguments: [
      (
        [.relu, .maxPool(size: 14), .maxPool(size: 2), .maxPool(size: 2)],
        "layer 4 (maxPool 2): input 1x1 is smaller than the window"
      ),
      (
        [.maxPool(size: 14), conv], "layer 2 (conv 3x3 to 4): input 2x2 is smaller than the window"
      ),
      ([classes], "layer 1 (dense classes): input 1x28x28 is not a vector"),
      (
        [.globalAveragePool, conv], "layer 2 (conv 3x3 to 4): input 1x1 is smaller than the window"
      ),
      ([.flatten, .maxPool(size: 1)], "layer 2 (maxPool 1): input is a vector of 784 values"),
      ([conv, .globalAveragePool], "the layers end in 4 values, the data has 10 classes"),
      ([conv], "the layers end in 4x26x26 values"),
      ([wide], "layer 1 (conv 3x3 to 65536): output 65536x28x28 has more than 16777216 values"),
      (
        [
          .globalAveragePool, .dense(features: 65_536, bias: true),
          .dense(features: 65_536, bias: true),
        ],
        "layer 3 (dense 65536): the model has more than 16777216 parameters"
      ),
      (
        [.conv(filters: 1, kernel: .max, stride: 1, padding: .max - 1, bias: true)], "layer 1 (conv"
      ),
      ([.conv(filters: .max, kernel: 1, stride: 1, padding: 0, bias: true)], "layer 1 (conv"),
      ([.conv(filters: 0, kernel: 1, stride: 1, padding: 0, bias: true)], "layer 1 (conv"),
      ([.conv(filters: 1, kernel: 1, stride: 0, padding: 0, bias: true)], "layer 1 (conv"),
      ([.globalAveragePool, .dense(features: -1, bias: true)], "layer 2 (dense -1): output"),
      ([], "the layers end in 1x28x28 values"),
    ] as [([Layer], String)])
  func refuses(layers: [Layer], message: String) {
    do throws(Failure) {
      _ = try Network(
        description: ModelDescription(name: "m", layers: layers), input: Self.mnist, classCount: 10)
      Issue.record("accepted")
    } catch {
      #expect(error.kind == .badData && error.message.hasPrefix(message), "\(error.message)")
    }
  }

  @Test func refusesInputsAndClasses() {
    let model = ModelDescription(
      name: "m", layers: [.globalAveragePool, .dense(features: nil, bias: true)])
    for input in [Shape(channels: 0), Shape(channels: .max, height: .max), Shape(channels: -3)] {
      #expect(throws: Failure.self) { try Network(description: model, input: input, classCount: 2) }
    }
    #expect(throws: Failure.self) {
      try Network(description: model, input: Self.mnist, classCount: 0)
    }
    #expect(throws: Failure(.badData, "the layers have no parameters, there is nothing to train")) {
      try Network(
        description: ModelDescription(name: "m", layers: [.relu]), input: Shape(channels: 2),
        classCount: 2)
    }
  }
}

@Suite struct InitializationTests {
  private func eva8(seed: UInt64) throws -> ModelState {
    let network = try Network(
      description: .preset(named: "eva8"), input: NetworkTests.mnist, classCount: 10)
    return ModelState.initial(network: network, seed: seed)
  }

  @Test func seedDecidesTheValues() throws {
    #expect(try eva8(seed: 1) == eva8(seed: 1))
    #expect(try eva8(seed: 1) != eva8(seed: 2))
    #expect(try eva8(seed: 1).values != eva8(seed: 1 << 32 + 1).values)
  }

  @Test func everyTensorHasItsOwnStream() throws {
    let state = try eva8(seed: 1 << 40 + 5)
    for (index, tensor) in state.layout.tensors.enumerated() where tensor.role == .weight {
      let stream = RandomStream(
        seed: 1 << 40 + 5, purpose: .initialization, sample: UInt32(index))
      let bound = 1 / Float(tensor.count / tensor.shape[0]).squareRoot()
      let expected = (0..<tensor.count).map { bound * (2 * stream.uniform(element: $0) - 1) }
      #expect(state[tensor.name] == expected)
    }
  }

  @Test func batchNormStartsAsIdentity() throws {
    let state = try eva8(seed: 3)
    #expect(state["bn1.weight"] == [Float](repeating: 1, count: 64))
    #expect(state["bn1.bias"] == [Float](repeating: 0, count: 64))
    #expect(state["bn2.running_mean"] == [Float](repeating: 0, count: 32))
    #expect(state["bn2.running_var"] == [Float](repeating: 1, count: 32))
  }

  /// Mean within 4 standard errors of 0, variance within 4 of bound²/3, all within the bound.
  @Test(arguments: [
    ("conv2.weight", 576), ("conv2.bias", 576), ("fc1.weight", 32), ("conv1.bias", 9),
  ])
  func weightsAreEvenWithinTheBound(name: String, fanIn: Int) throws {
    let values = try #require(try eva8(seed: 1)[name]).map(Double.init)
    let bound = 1 / Double(fanIn).squareRoot()
    let count = Double(values.count)
    let mean = values.reduce(0, +) / count
    let variance = values.map { $0 * $0 }.reduce(0, +) / count
    #expect(values.allSatisfy { abs($0) <= bound * (1 + 1e-7) })
    #expect(abs(mean) < 4 * bound / (3 * count).squareRoot())
    // Var(u²) = 4/45 for u even on ±1.
    #expect(abs(variance / (bound * bound) - 1.0 / 3) < 4 * (4 / 45 / count).squareRoot())
    #expect(Set(values).count > values.count * 9 / 10)
  }
}
