// Whole graphs and the functions of their layers against PyTorch: logits, every gradient, statistics.
// Golden/make_graph_golden.py made the values.

import Testing

@testable import PTrainNetworks

@Suite struct GraphGoldenTests {
  let golden: Golden

  init() throws { golden = try Golden(file: "graphs") }

  @Test(arguments: ["resnet", "mobile", "branches"]) func graph(name: String) throws {
    let values = try golden["graphs"][name]
    try graph(values, Double.self)
    try graph(values, Float.self)
  }

  private func graph<S: ReferenceScalar>(_ values: Golden, _ type: S.Type) throws {
    let layers = try values["layers"].text
    let network = try Network(
      description: .parse(yaml: "name: golden\nlayers:" + layers, source: "golden"),
      input: try values["input"].shape, classCount: try values["classes"].int)
    func block(_ key: String) throws -> [Double] {
      try network.layout.tensors.flatMap { try values[key][$0.name].numbers }
    }
    var model = ReferenceNetwork(network: network, values: try block("start").map { S($0) })
    let x = try values["x"].numbers.map { S($0) }
    let trace = model.forward(x, mode: ReferenceMode(isTraining: true))
    let limit = 100 * tolerance(type)
    #expect(difference(trace.output, try values["logits"].numbers) < limit)
    let gradient = model.backward(
      trace, outputGradient: try values["weighting"].numbers.map { S($0) }, wantsInput: true)
    #expect(difference(try #require(gradient.input), try values["dx"].numbers) < limit)
    for tensor in network.layout.tensors where tensor.isTrainable {
      let error = difference(
        Array(gradient.block[tensor.range]), try values["gradients"][tensor.name].numbers)
      // Biases before a normalisation have no gradient but rounding.
      #expect(error < 10 * limit, "\(tensor.name)")
    }
    model.updateRunningStatistics(from: trace)
    #expect(difference(model.values, try block("end")) < limit)
    let evaluation = model.forward(x, mode: .evaluation).output
    #expect(difference(evaluation, try values["evaluation"].numbers) < limit)
  }

  static let functions =
    Activation.plain.filter { $0 != .relu && $0 != .sigmoid }
    + [.leakyRelu(slope: 0.2)]

  @Test(arguments: functions) func function(function: Activation) throws {
    let values = try golden["activations"][function.word]
    let x = try values["x"].numbers
    let network = try Network(
      description: ModelDescription(name: "m", layers: [.activation(function), .dense(.classes)]),
      input: Shape(channels: x.count), classCount: 1)
    let model = ReferenceNetwork<Double>(
      network: network, values: [Double](repeating: 1, count: x.count) + [0])
    let trace = model.forward(x, mode: .evaluation)
    #expect(difference(trace.outputs[0], try values["y"].numbers) < 1e-15)
    let dx = try #require(model.backward(trace, outputGradient: [1], wantsInput: true).input)
    #expect(difference(dx, try values["dx"].numbers) < 1e-15)
  }
}
