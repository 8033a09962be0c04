// The 2-2-2 network as a model description, run and trained by the reference implementation.
// No arithmetic of its own: the table's numbers are the reference's.
import PTrainNetworks

/// The class's network: two dense layers without bias, a sigmoid after each, half squared error.
struct ClassNetwork {
  private let inputs: [Double]
  private let targets: [Double]
  private var network: ReferenceNetwork<Double>
  private var optimizer: ReferenceOptimizer<Double>

  static let description = ModelDescription(
    name: "spreadsheet",
    layers: [
      .dense(features: 2, bias: false), .sigmoid, .dense(features: 2, bias: false), .sigmoid,
    ])

  /// The block of values is w1 … w8: PyTorch's order, one row an output neuron, is the class's.
  init(_ start: StartingValues) throws {
    let network = try Network(
      description: Self.description, input: Shape(channels: 2), classCount: 2)
    inputs = start.inputs
    targets = start.targets
    self.network = ReferenceNetwork(network: network, values: start.weights)
    optimizer = ReferenceOptimizer(layout: network.layout, rule: SGD())
  }

  /// One step of plain gradient descent; returns the row of the table as it was before the update.
  mutating func train(learningRate: Double) -> Iteration {
    var row = Iteration()
    row.set(Column.inputs, to: inputs)
    row.set(Column.targets, to: targets)
    row.set(Column.weights, to: network.values)
    let trace = network.forward(inputs, mode: .evaluation)
    row.set(
      [.h1, .h2, .hiddenActivation1, .hiddenActivation2], to: trace.outputs[0] + trace.outputs[1])
    row.set(
      [.o1, .o2, .outputActivation1, .outputActivation2], to: trace.outputs[2] + trace.outputs[3])
    let errors = Reference.halfSquaredErrorForward(outputs: trace.output, targets: targets)
    row.set([.error1, .error2, .totalError], to: errors + [errors.reduce(0, +)])
    let gradient = network.backward(
      trace,
      outputGradient: Reference.halfSquaredErrorBackward(outputs: trace.output, targets: targets))
    row.set(Column.gradients, to: gradient.block)
    optimizer.step(
      values: &network.values, gradient: gradient.block, learningRate: learningRate)
    return row
  }
}
