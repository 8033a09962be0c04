// Steps to an ONNX graph: standard operators that runtimes and PyTorch's exporter agree on.
// Values keep the rank that PyTorch's have: vectors [N, F] behind Flatten and Gemm, else [N, C, H, W].

import PTrainDatasets
import PTrainNetworks
import SwiftProtobuf

/// Appends nodes; each step's value has a name in the graph.
struct ONNXGraphBuilder {
  /// A value of the graph.
  private struct Value {
    var name: String
    /// Whether it is `[N, F]` instead of `[N, C, H, W]`.
    var isFlat = false
  }

  private var graph: ONNXGraph
  /// By step value.
  private var values = [Graph.image: Value(name: ONNXGraph.inputName)]

  init(name: String, input: [Int]) {
    graph = ONNXGraph(name: name, input: input)
  }

  mutating func append(_ normalization: Normalization) {
    let normalized = graph.scale(
      ONNXGraph.inputName, "normalization", normalization.gains, normalization.offsets)
    values[Graph.image] = Value(name: normalized)
  }

  mutating func append(_ step: InferenceStep) {
    let inputs = step.inputs.map { values[$0]! }
    values[step.value] = value(of: step.operation, inputs)
  }

  private mutating func value(of operation: InferenceOperation, _ inputs: [Value]) -> Value {
    let x = inputs[0]
    switch operation {
    case .convolution(let weights, let window):
      let parts = store(weights)
      return Value(
        name: graph.node("Conv", [x.name] + parts, window.attributes(groups: weights.groups)))
    case .dense(let weights):
      let flat = flattened(x)
      return Value(
        name: graph.node("Gemm", [flat.name] + store(weights), [.int("transB", 1)]), isFlat: true)
    case .batchNorm(let norm):
      let parts = store(norm)
      let epsilon = Onnx_AttributeProto.float("epsilon", Float(norm.epsilon))
      return Value(
        name: graph.node("BatchNormalization", [x.name] + parts, [epsilon]), isFlat: x.isFlat)
    case .activation(let function):
      return Value(name: activation(function, x.name), isFlat: x.isFlat)
    case .pool(.maximum, let window):
      return Value(name: graph.node("MaxPool", [x.name], window.attributes))
    case .pool(.average, let window):
      let attributes = window.attributes + [.int("count_include_pad", 0)]
      return Value(name: graph.node("AveragePool", [x.name], attributes))
    case .globalPool(let kind):
      return Value(
        name: graph.node(kind == .maximum ? "GlobalMaxPool" : "GlobalAveragePool", [x.name]))
    case .flatten: return flattened(x)
    case .add:
      let (parts, isFlat) = ofOneRank(inputs)
      return Value(name: graph.node("Add", parts), isFlat: isFlat)
    case .concatenate:
      let (parts, isFlat) = ofOneRank(inputs)
      return Value(name: graph.node("Concat", parts, [.int("axis", 1)]), isFlat: isFlat)
    case .multiply:
      let factor = x.isFlat ? flattened(inputs[1]) : raised(inputs[1])
      return Value(name: graph.node("Mul", [x.name, factor.name]), isFlat: x.isFlat)
    }
  }

  private mutating func activation(_ function: Activation, _ x: String) -> String {
    switch function {
    case .relu: return graph.node("Relu", [x])
    case .sigmoid: return graph.node("Sigmoid", [x])
    case .tanh: return graph.node("Tanh", [x])
    case .relu6: return graph.node("Clip", [x, graph.constant(Float(0)), graph.constant(Float(6))])
    case .hardSwish: return graph.node("HardSwish", [x])
    case .leakyRelu(let slope): return graph.node("LeakyRelu", [x], [.float("alpha", Float(slope))])
    case .silu: return graph.node("Mul", [x, graph.node("Sigmoid", [x])])
    case .gelu:
      // x·(1 + erf(x/√2))/2
      let error = graph.node("Erf", [graph.node("Mul", [x, graph.constant(Float(0.70710677))])])
      let product = graph.node("Mul", [x, graph.node("Add", [error, graph.constant(Float(1))])])
      return graph.node("Mul", [product, graph.constant(Float(0.5))])
    }
  }

  /// The finished graph, the last step's value under the output's name.
  mutating func finish(classCount: Int, value: Int) -> Onnx_GraphProto {
    _ = flattened(values[value]!)
    return graph.finish(classCount: classCount)
  }

  // MARK: Ranks

  private mutating func flattened(_ value: Value) -> Value {
    value.isFlat
      ? value : Value(name: graph.flatten(value.name), isFlat: true)
  }

  /// `[N, F]` as `[N, F, 1, 1]`.
  private mutating func raised(_ value: Value) -> Value {
    value.isFlat ? Value(name: graph.raise(value.name)) : value
  }

  /// Vectors beside planes of one pixel become vectors all.
  private mutating func ofOneRank(_ inputs: [Value]) -> (names: [String], isFlat: Bool) {
    let isFlat = inputs.contains(where: \.isFlat)
    return (inputs.map { isFlat ? flattened($0).name : $0.name }, isFlat)
  }

  // MARK: Parts

  private mutating func store(_ weights: LinearWeights) -> [String] {
    let names = ["\(weights.name).weight", "\(weights.name).bias"]
    graph.store(names[0], shape: weights.shape, weights.values)
    guard let bias = weights.bias else { return [names[0]] }
    graph.store(names[1], shape: [bias.count], bias)
    return names
  }

  private mutating func store(_ norm: NormalizationValues) -> [String] {
    let parts = [
      ("weight", norm.scale), ("bias", norm.shift), ("running_mean", norm.mean),
      ("running_var", norm.variance),
    ]
    return parts.map { suffix, values in
      graph.store("\(norm.name).\(suffix)", shape: [values.count], values)
      return "\(norm.name).\(suffix)"
    }
  }
}
