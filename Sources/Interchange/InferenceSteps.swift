// A trained network as the operations that are left at inference, for formats of other programs.
// Dropout is gone; what else can be left out without another result, `foldingBatchNorm` says.

import PTrainArtifacts
import PTrainNetworks

/// One operation on values `[N, C, H, W]`; vectors are `[N, C, 1, 1]`.
package struct InferenceStep: Equatable, Sendable {
  package var operation: InferenceOperation
  /// Values that it reads; `Graph.image` is the image.
  package var inputs: [Int]
  /// The value that it leaves: the index of its node.
  package var value: Int
  /// The node whose output that is: with a batch normalisation folded in, that one's.
  package var node: Int

  package init(operation: InferenceOperation, inputs: [Int], value: Int) {
    (self.operation, self.inputs, self.value, node) = (operation, inputs, value, value)
  }
}

/// What a step computes, its weights with it.
package enum InferenceOperation: Equatable, Sendable {
  case convolution(LinearWeights, Window)
  case dense(LinearWeights)
  case batchNorm(NormalizationValues)
  case activation(Activation)
  case pool(PoolKind, Window)
  case globalPool(PoolKind)
  case flatten
  case add
  case concatenate
  case multiply
}

/// Weights of a convolution or a dense layer.
package struct LinearWeights: Equatable, Sendable {
  /// `conv1`, `fc2` …
  package var name: String
  /// `[out, in / groups, height, width]` or `[out, in]`.
  package var shape: [Int]
  package var groups = 1
  package var values: [Float]
  /// `[out]`.
  package var bias: [Float]?
}

/// Values of a batch normalisation, `[C]` each.
package struct NormalizationValues: Equatable, Sendable {
  package var name: String
  package var scale: [Float]
  package var shift: [Float]
  package var mean: [Float]
  package var variance: [Float]
  package var epsilon: Double
}

extension TrainedModel {
  /// The network's operations in order; the last one's value are the logits.
  package var inferenceSteps: [InferenceStep] {
    var steps: [InferenceStep] = []
    // Where a value is found whose node is gone.
    var places: [Int: Int] = [:]
    for (index, node) in network.graph.nodes.enumerated() {
      let inputs = node.inputs.map { places[$0] ?? $0 }
      if let operation = operation(node) {
        steps.append(InferenceStep(operation: operation, inputs: inputs, value: index))
      } else {
        places[index] = inputs[0]
      }
    }
    return steps
  }

  private func operation(_ node: Node) -> InferenceOperation? {
    switch node.operation {
    case .convolution(let window, let groups): .convolution(weights(of: node, groups), window)
    case .dense: .dense(weights(of: node, 1))
    case .batchNorm(_, let epsilon):
      .batchNorm(
        NormalizationValues(
          name: node.name, scale: values(node, .scale)!, shift: values(node, .shift)!,
          mean: values(node, .runningMean)!, variance: values(node, .runningVariance)!,
          epsilon: epsilon))
    case .activation(let function): .activation(function)
    case .pool(let kind, let window): .pool(kind, window)
    case .globalPool(let kind): .globalPool(kind)
    case .flatten: .flatten
    case .dropout, .quantize: nil
    case .add: .add
    case .concatenate: .concatenate
    case .multiply: .multiply
    }
  }

  private func weights(of node: Node, _ groups: Int) -> LinearWeights {
    LinearWeights(
      name: node.name, shape: node.tensor(.weight)!.shape, groups: groups,
      values: values(node, .weight)!, bias: values(node, .bias))
  }

  private func values(_ node: Node, _ role: StateTensor.Role) -> [Float]? {
    node.tensor(role).map { Array(state.values[$0.range]) }
  }
}
