// A network in 8-bit integers to an ONNX graph: each operation in floating point between DequantizeLinear and
// QuantizeLinear, which runtimes take together. What moves numbers alone works on int8.

import PTrainDatasets
import PTrainNetworks
import SwiftProtobuf

struct ONNXIntegerBuilder {
  /// An int8 value of the graph.
  private struct Value {
    var name: String
    var form: QuantizedValue
    /// Whether it is `[N, F]` instead of `[N, C, H, W]`.
    var isFlat = false
  }

  private let network: QuantizedNetwork
  private var graph: ONNXGraph
  /// By value of the network.
  private var values: [Value] = []

  init(_ network: QuantizedNetwork) {
    self.network = network
    let shape = network.values[0].shape
    graph = ONNXGraph(name: network.name, input: [shape.channels, shape.height, shape.width])
  }

  /// The graph; its input are images by this normalisation, or grey values where it is nil.
  mutating func build(_ normalization: Normalization?) -> Onnx_GraphProto {
    values = [Value(name: image(normalization), form: network.values[0])]
    for (index, step) in network.steps.enumerated() {
      values.append(value(of: step, network.output(of: index)))
    }
    let last = values.last!
    _ = real(last.isFlat ? last : flattened(last))
    return graph.finish(classCount: last.form.shape.count)
  }

  /// `byte - 128` in int8.
  private mutating func image(_ normalization: Normalization?) -> String {
    var bytes = ONNXGraph.inputName
    if let normalization {
      bytes = graph.scale(
        bytes, "bytes", normalization.gains.map { 1 / $0 },
        zip(normalization.gains, normalization.offsets).map { -$1 / $0 })
    }
    let form = QuantizedValue(shape: network.values[0].shape, scale: 1, zeroPoint: -128)
    return quantized(bytes, form)
  }

  // MARK: Steps

  private mutating func value(of step: QuantizedStep, _ form: QuantizedValue) -> Value {
    let inputs = step.inputs.map { values[$0] }
    let x = inputs[0]
    func moved(_ name: String, isFlat: Bool) -> Value {
      Value(name: name, form: form, isFlat: isFlat)
    }
    switch step.operation {
    case .convolution(let weights, let window):
      let parts = [real(x)] + store(weights.planes, step, x.form)
      let sum = graph.node("Conv", parts, window.attributes(groups: weights.groups))
      return result(sum, step, form)
    case .depthwiseConvolution(let weights, let window):
      let parts = [real(x)] + store(weights.planesOfTaps, step, x.form)
      let groups = x.form.shape.channels
      return result(graph.node("Conv", parts, window.attributes(groups: groups)), step, form)
    case .dense(let weights):
      let flat = inMemoryOrder(x)
      let parts = [real(flat)] + store(weights, step, x.form)
      return result(graph.node("Gemm", parts, [.int("transB", 1)]), step, form, isFlat: true)
    case .pool(.maximum, let window):
      return moved(graph.node("MaxPool", [x.name], window.attributes), isFlat: false)
    case .pool(.average, let window):
      let attributes = window.attributes + [.int("count_include_pad", 0)]
      return result(graph.node("AveragePool", [real(x)], attributes), step, form)
    case .mean: return result(graph.node("GlobalAveragePool", [real(x)]), step, form)
    case .flatten: return moved(inMemoryOrder(x).name, isFlat: true)
    case .add:
      let parts = ofOneRank(inputs)
      let sum = graph.node("Add", parts.map { real($0) })
      return result(sum, step, form, isFlat: parts[0].isFlat)
    case .multiply:
      let factor = x.isFlat ? flattened(inputs[1]) : raised(inputs[1])
      let product = graph.node("Mul", [real(x), real(factor)])
      return result(product, step, form, isFlat: x.isFlat)
    case .concatenate:
      let parts = ofOneRank(inputs)
      let joined = graph.node("Concat", parts.map(\.name), [.int("axis", 1)])
      return moved(joined, isFlat: parts[0].isFlat)
    case .rescale: return result(real(x), step, form, isFlat: x.isFlat)
    case .leakyRelu(let slope):
      let y = graph.node("LeakyRelu", [real(x)], [.float("alpha", slope)])
      return result(y, step, form, isFlat: x.isFlat)
    }
  }

  /// Clamped and in int8.
  private mutating func result(
    _ real: String, _ step: QuantizedStep, _ form: QuantizedValue, isFlat: Bool = false
  ) -> Value {
    let clamped: String
    switch step.activation {
    case .none: clamped = real
    case .relu: clamped = graph.node("Relu", [real])
    case .relu6:
      clamped = graph.node("Clip", [real, graph.constant(Float(0)), graph.constant(Float(6))])
    }
    return Value(name: quantized(clamped, form), form: form, isFlat: isFlat)
  }

  // MARK: Numbers

  private mutating func quantized(_ real: String, _ form: QuantizedValue) -> String {
    graph.node("QuantizeLinear", [real] + parameters(form))
  }

  /// A node for each reader, as runtimes expect.
  private mutating func real(_ value: Value) -> String {
    graph.node("DequantizeLinear", [value.name] + parameters(value.form))
  }

  private mutating func parameters(_ form: QuantizedValue) -> [String] {
    [graph.constant(form.scale), graph.constant(Int8(form.zeroPoint), type: .int8)]
  }

  /// Weights and bias in floating point; `shape` and `values` as the operator wants them.
  private mutating func store(
    _ weights: QuantizedWeights, _ step: QuantizedStep, _ input: QuantizedValue
  ) -> [String] {
    let isByOutput = weights.scales.count > 1
    let shape = isByOutput ? [weights.scales.count] : []
    let axis: [Onnx_AttributeProto] = isByOutput ? [.int("axis", 0)] : []
    let name = step.name
    graph.store("\(name).weight", shape: weights.shape, weights.values, type: .int8)
    graph.store("\(name).weight.scale", shape: shape, weights.scales)
    graph.store(
      "\(name).weight.zero_point", shape: shape, weights.scales.map { _ in Int8(0) },
      type: .int8)
    graph.store("\(name).bias", shape: [weights.outputCount], weights.bias, type: .int32)
    graph.store("\(name).bias.scale", shape: shape, weights.scales.map { input.scale * $0 })
    return [
      graph.node(
        "DequantizeLinear",
        ["\(name).weight", "\(name).weight.scale", "\(name).weight.zero_point"], axis),
      graph.node("DequantizeLinear", ["\(name).bias", "\(name).bias.scale"], axis),
    ]
  }

  // MARK: Ranks

  private mutating func flattened(_ value: Value) -> Value {
    value.isFlat
      ? value : Value(name: graph.flatten(value.name), form: value.form, isFlat: true)
  }

  private mutating func raised(_ value: Value) -> Value {
    value.isFlat ? Value(name: graph.raise(value.name), form: value.form) : value
  }

  private mutating func ofOneRank(_ inputs: [Value]) -> [Value] {
    inputs.contains(where: \.isFlat) ? inputs.map { flattened($0) } : inputs
  }

  /// `[N, height·width·channels]`.
  private mutating func inMemoryOrder(_ value: Value) -> Value {
    let shape = value.form.shape
    guard !value.isFlat, shape.channels > 1, shape.height * shape.width > 1 else {
      return flattened(value)
    }
    var lastChannels = value
    lastChannels.name = graph.node("Transpose", [value.name], [.ints("perm", [0, 2, 3, 1])])
    return flattened(lastChannels)
  }
}

extension QuantizedWeights {
  /// `[out, in / groups, height, width]` of `[out, height, width, in / groups]`.
  fileprivate var planes: QuantizedWeights {
    let (taps, inputs) = (shape[1] * shape[2], shape[3])
    var planes = self
    planes.shape = [shape[0], inputs, shape[1], shape[2]]
    planes.values = values.indices.map { index in
      let (output, rest) = index.quotientAndRemainder(dividingBy: taps * inputs)
      return values[output * taps * inputs + rest % taps * inputs + rest / taps]
    }
    return planes
  }

  /// `[out, 1, height, width]` of `[1, height, width, out]`.
  fileprivate var planesOfTaps: QuantizedWeights {
    let (taps, outputs) = (shape[1] * shape[2], shape[3])
    var planes = self
    planes.shape = [outputs, 1, shape[1], shape[2]]
    planes.values = values.indices.map { values[$0 % taps * outputs + $0 / taps] }
    return planes
  }
}
