// Steps to an ONNX graph: standard operators that runtimes and PyTorch's exporter agree on.
// Values keep the rank that PyTorch's have: vectors [N, F] behind Flatten and Gemm, else [N, C, H, W].

import Datasets
import FoundationEssentials
import Networks
import SwiftProtobuf

/// Appends nodes; each step's value has a name in the graph.
struct ONNXGraphBuilder {
  private static let inputName = "input"
  private static let outputName = "logits"
  /// ONNX's number for INT64.
  private static let int64 = 7

  /// A value of the graph.
  private struct Value {
    var name: String
    /// Whether it is `[N, F]` instead of `[N, C, H, W]`.
    var isFlat = false
  }

  private var graph = Onnx_GraphProto()
  /// By step value.
  private var values = [Graph.image: Value(name: Self.inputName)]

  init(name: String, input: [Int]) {
    graph.name = name
    graph.input = [Self.valueInfo(Self.inputName, shape: input)]
  }

  mutating func append(_ normalization: Normalization) {
    let parameters = ["normalization.gain", "normalization.offset"]
    // One value goes with every pixel; several go along the channels of [N, C, H, W].
    let channels = normalization.channels
    let shape = channels == 1 ? [1] : [channels, 1, 1]
    store(parameters[0], shape: shape, normalization.gains)
    store(parameters[1], shape: shape, normalization.offsets)
    let scaled = node("Mul", [Self.inputName, parameters[0]])
    values[Graph.image] = Value(name: node("Add", [scaled, parameters[1]]))
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
        name: node("Conv", [x.name] + parts, window.attributes + Self.attributes(weights, window)))
    case .dense(let weights):
      let flat = flattened(x)
      return Value(
        name: node("Gemm", [flat.name] + store(weights), [.int("transB", 1)]), isFlat: true)
    case .batchNorm(let norm):
      let parts = store(norm)
      let epsilon = Onnx_AttributeProto.float("epsilon", Float(norm.epsilon))
      return Value(
        name: node("BatchNormalization", [x.name] + parts, [epsilon]), isFlat: x.isFlat)
    case .activation(let function):
      return Value(name: activation(function, x.name), isFlat: x.isFlat)
    case .pool(.maximum, let window):
      return Value(name: node("MaxPool", [x.name], window.attributes))
    case .pool(.average, let window):
      let attributes = window.attributes + [.int("count_include_pad", 0)]
      return Value(name: node("AveragePool", [x.name], attributes))
    case .globalPool(let kind):
      return Value(name: node(kind == .maximum ? "GlobalMaxPool" : "GlobalAveragePool", [x.name]))
    case .flatten: return flattened(x)
    case .add:
      let (parts, isFlat) = ofOneRank(inputs)
      return Value(name: node("Add", parts), isFlat: isFlat)
    case .concatenate:
      let (parts, isFlat) = ofOneRank(inputs)
      return Value(name: node("Concat", parts, [.int("axis", 1)]), isFlat: isFlat)
    case .multiply:
      let factor = x.isFlat ? flattened(inputs[1]) : raised(inputs[1])
      return Value(name: node("Mul", [x.name, factor.name]), isFlat: x.isFlat)
    }
  }

  private mutating func activation(_ function: Activation, _ x: String) -> String {
    switch function {
    case .relu: return node("Relu", [x])
    case .sigmoid: return node("Sigmoid", [x])
    case .tanh: return node("Tanh", [x])
    case .relu6: return node("Clip", [x, constant(0), constant(6)])
    case .hardSwish: return node("HardSwish", [x])
    case .leakyRelu(let slope): return node("LeakyRelu", [x], [.float("alpha", Float(slope))])
    case .silu: return node("Mul", [x, node("Sigmoid", [x])])
    case .gelu:
      // x·(1 + erf(x/√2))/2
      let error = node("Erf", [node("Mul", [x, constant(0.70710677)])])
      let product = node("Mul", [x, node("Add", [error, constant(1)])])
      return node("Mul", [product, constant(0.5)])
    }
  }

  /// The finished graph, the last step's value under the output's name.
  mutating func finish(classCount: Int, value: Int) -> Onnx_GraphProto {
    _ = flattened(values[value]!)
    graph.node[graph.node.count - 1].output = [Self.outputName]
    graph.output = [Self.valueInfo(Self.outputName, shape: [classCount])]
    return graph
  }

  // MARK: Ranks

  private mutating func flattened(_ value: Value) -> Value {
    value.isFlat
      ? value : Value(name: node("Flatten", [value.name], [.int("axis", 1)]), isFlat: true)
  }

  /// `[N, F]` as `[N, F, 1, 1]`.
  private mutating func raised(_ value: Value) -> Value {
    guard value.isFlat else { return value }
    let name = "shape.plane"
    if !graph.initializer.contains(where: { $0.name == name }) {
      store(name, shape: [4], [0, -1, 1, 1] as [Int64], type: Self.int64)
    }
    return Value(name: node("Reshape", [value.name, name]))
  }

  /// Vectors beside planes of one pixel become vectors all.
  private mutating func ofOneRank(_ inputs: [Value]) -> (names: [String], isFlat: Bool) {
    let isFlat = inputs.contains(where: \.isFlat)
    return (inputs.map { isFlat ? flattened($0).name : $0.name }, isFlat)
  }

  // MARK: Parts

  private static func attributes(
    _ weights: LinearWeights, _ window: Window
  ) -> [Onnx_AttributeProto] {
    (weights.groups == 1 ? [] : [.int("group", Int64(weights.groups))])
      + (window.dilation == 1 ? [] : [.ints("dilations", [window.dilation, window.dilation])])
  }

  private mutating func node(
    _ type: String, _ inputs: [String], _ attributes: [Onnx_AttributeProto] = []
  ) -> String {
    let name = "\(type)\(graph.node.count + 1)"
    graph.node.append(
      .with {
        $0.name = name
        $0.opType = type
        $0.input = inputs
        $0.output = [name]
        $0.attribute = attributes
      })
    return name
  }

  /// A scalar, stored once.
  private mutating func constant(_ value: Float) -> String {
    let name = "constant.\(value)"
    if !graph.initializer.contains(where: { $0.name == name }) { store(name, shape: [], [value]) }
    return name
  }

  private mutating func store(_ weights: LinearWeights) -> [String] {
    let names = ["\(weights.name).weight", "\(weights.name).bias"]
    store(names[0], shape: weights.shape, weights.values)
    guard let bias = weights.bias else { return [names[0]] }
    store(names[1], shape: [bias.count], bias)
    return names
  }

  private mutating func store(_ norm: NormalizationValues) -> [String] {
    let parts = [
      ("weight", norm.scale), ("bias", norm.shift), ("running_mean", norm.mean),
      ("running_var", norm.variance),
    ]
    return parts.map { suffix, values in
      store("\(norm.name).\(suffix)", shape: [values.count], values)
      return "\(norm.name).\(suffix)"
    }
  }

  /// Adds a tensor; `raw_data` is little-endian, as is everything that ptrain runs on.
  private mutating func store<Number>(
    _ name: String, shape: [Int], _ values: [Number],
    type: Int = Onnx_TensorProto.DataType.float.rawValue
  ) {
    graph.initializer.append(
      .with {
        $0.name = name
        $0.dims = shape.map(Int64.init)
        $0.dataType = Int32(type)
        $0.rawData = values.withUnsafeBytes { Data($0) }
      })
  }

  /// A float tensor `[N, shape…]`, N left open.
  private static func valueInfo(_ name: String, shape: [Int]) -> Onnx_ValueInfoProto {
    .with {
      $0.name = name
      $0.type.tensorType.elemType = Int32(Onnx_TensorProto.DataType.float.rawValue)
      $0.type.tensorType.shape.dim =
        [.with { $0.dimParam = "N" }]
        + shape.map { length in .with { $0.dimValue = Int64(length) } }
    }
  }
}

extension Window {
  fileprivate var attributes: [Onnx_AttributeProto] {
    [
      .ints("kernel_shape", [height, width]),
      .ints("strides", [verticalStride, horizontalStride]),
      .ints("pads", [padding.top, padding.left, padding.bottom, padding.right]),
    ]
  }
}

extension Onnx_AttributeProto {
  fileprivate static func int(_ name: String, _ value: Int64) -> Self {
    .with { ($0.name, $0.type, $0.i) = (name, .int, value) }
  }

  fileprivate static func ints(_ name: String, _ values: [Int]) -> Self {
    .with { ($0.name, $0.type, $0.ints) = (name, .ints, values.map(Int64.init)) }
  }

  fileprivate static func float(_ name: String, _ value: Float) -> Self {
    .with { ($0.name, $0.type, $0.f) = (name, .float, value) }
  }
}
