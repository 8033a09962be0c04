// A whole network on the reference layers, node by node.
// Every node's output can be read, and the decisions of another run can be put in.

/// A network with its block of values, run in plain loops on one thread.
package struct ReferenceNetwork<Scalar: ReferenceScalar>: Sendable {
  package let network: Network
  /// Parameters and running statistics, in the order of `network.layout`.
  package var values: [Scalar]

  package init(network: Network, values: [Scalar]) {
    precondition(values.count == network.layout.count)
    self.network = network
    self.values = values
  }

  package init(network: Network, state: ModelState) {
    self.init(network: network, values: state.values.map { Scalar($0) })
  }

  /// A tensor's values by PyTorch's name.
  package subscript(name: String) -> [Scalar]? {
    network.layout[name].map { Array(values[$0.range]) }
  }
}

/// How a forward pass runs; dictionaries are keyed by the node's index in the graph.
package struct ReferenceMode<Scalar: ReferenceScalar>: Sendable {
  /// Batch statistics and dropout instead of running statistics and none.
  package var isTraining: Bool
  /// Factors `[N, C, H, W]` of dropout in training; a node without keeps everything.
  package var dropoutMasks: [Int: [Scalar]]
  /// ReLU masks to use instead of `x > 0`.
  package var reluMasks: [Int: [Bool]]
  /// Pieces of ReLU6, hard swish, leaky ReLU and ranges of 8 bits to use instead of those that the values
  /// lie in.
  package var pieces: [Int: [Int8]] = [:]
  /// Places in `[N, C, H, W]` of max-pooling's input to use instead of the maxima's; global ones too.
  package var poolPlaces: [Int: [Int]] = [:]
  /// Values of 8 bits in scales, to use instead of the nearest ones where they are within 1 of them.
  package var roundedSteps: [Int: [Scalar]] = [:]

  package init(
    isTraining: Bool, dropoutMasks: [Int: [Scalar]] = [:], reluMasks: [Int: [Bool]] = [:]
  ) {
    self.isTraining = isTraining
    self.dropoutMasks = dropoutMasks
    self.reluMasks = reluMasks
  }

  package static var evaluation: Self { Self(isTraining: false) }
}

/// What a forward pass leaves: every output, and what backward needs besides.
package struct ReferenceTrace<Scalar: ReferenceScalar>: Sendable {
  /// Samples.
  package let count: Int
  package let input: [Scalar]
  var steps: [ReferenceStep<Scalar>] = []

  /// Each node's output, `[N, C, H, W]`.
  package var outputs: [[Scalar]] { steps.map(\.output) }

  /// The last node's output, `[N, classes]`.
  package var output: [Scalar] { steps.last?.output ?? input }

  /// The masks of ReLU by node, for `ReferenceMode.reluMasks` of another run.
  package var reluMasks: [Int: [Bool]] {
    records { if case .relu(let mask) = $0 { mask } else { nil } }
  }

  /// The pieces of other functions with kinks, for `ReferenceMode.pieces`.
  package var pieces: [Int: [Int8]] {
    records { if case .pieces(let pieces) = $0 { pieces } else { nil } }
  }

  /// The places of maxima, for `ReferenceMode.poolPlaces`.
  package var poolPlaces: [Int: [Int]] {
    records { if case .maxPool(let places) = $0 { places } else { nil } }
  }

  private func records<Value>(
    _ value: (ReferenceStep<Scalar>.Record) -> Value?
  ) -> [Int: Value] {
    var found: [Int: Value] = [:]
    for (index, step) in steps.enumerated() { found[index] = value(step.record) }
    return found
  }

  func value(_ index: Int) -> [Scalar] { index < 0 ? input : steps[index].output }
}

extension ReferenceNetwork {
  package typealias Mode = ReferenceMode<Scalar>
  package typealias Trace = ReferenceTrace<Scalar>

  /// Runs `input [N, C, H, W]` through every node; values stay as they are.
  package func forward(_ input: [Scalar], mode: Mode) -> Trace {
    precondition(!input.isEmpty && input.count % network.input.count == 0)
    var trace = Trace(count: input.count / network.input.count, input: input)
    for (index, node) in network.graph.nodes.enumerated() {
      trace.steps.append(step(index, node.inputs.map(trace.value), trace.count, mode))
    }
    return trace
  }

  /// The gradient of a loss whose gradient by the output `[N, classes]` is `outputGradient`.
  ///
  /// Each value has one gradient, to which every node that reads the value adds its own.
  package func backward(
    _ trace: Trace, outputGradient: [Scalar], wantsInput: Bool = false
  ) -> ReferenceGradient<Scalar> {
    precondition(outputGradient.count == trace.output.count)
    var block = [Scalar](repeating: 0, count: values.count)
    var gradients: [Int: [Scalar]] = [network.graph.nodes.count - 1: outputGradient]
    for (index, node) in network.graph.nodes.enumerated().reversed() {
      // None: nothing that the output depends on reads this value.
      guard let dy = gradients.removeValue(forKey: index) else { continue }
      let isNeeded = wantsInput || node.inputs.contains { $0 != Graph.image }
      let gradient = trace.steps[index].backward(dy, isNeeded)
      for (role, part) in gradient.tensors { store(part, index, role, in: &block) }
      for (value, part) in zip(node.inputs, gradient.inputs) {
        gradients[value] = gradients[value].map { Reference.addForward($0, part) } ?? part
      }
    }
    return ReferenceGradient(block: block, input: wantsInput ? gradients[Graph.image] : nil)
  }

  /// Moves the running statistics towards those of a training pass.
  package mutating func updateRunningStatistics(from trace: Trace) {
    for (index, step) in trace.steps.enumerated() {
      guard case .batchNorm(let memo) = step.record, var mean = tensor(index, .runningMean),
        var variance = tensor(index, .runningVariance),
        case .batchNorm(let momentum, _) = network.graph.nodes[index].operation
      else { continue }
      Reference.batchNormRunning(
        shape: network.graph.nodes[index].output, count: trace.count, memo: memo, mean: &mean,
        variance: &variance, momentum: momentum)
      store(mean, index, .runningMean, in: &values)
      store(variance, index, .runningVariance, in: &values)
    }
  }

  func tensor(_ node: Int, _ role: StateTensor.Role) -> [Scalar]? {
    network.graph.nodes[node].tensor(role).map { Array(values[$0.range]) }
  }

  private func store(
    _ part: [Scalar], _ node: Int, _ role: StateTensor.Role, in block: inout [Scalar]
  ) {
    guard let tensor = network.graph.nodes[node].tensor(role) else { return }
    block.replaceSubrange(tensor.range, with: part)
  }
}

/// Gradients of one pass.
package struct ReferenceGradient<Scalar: ReferenceScalar>: Sendable {
  /// In the order of the network's layout; running statistics are 0.
  package var block: [Scalar]
  /// `[N, C, H, W]`, nil if not asked for.
  package var input: [Scalar]?
}
