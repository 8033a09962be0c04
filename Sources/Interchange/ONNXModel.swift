// A trained network as an ONNX file: one graph of standard operators, the batch size left open.
// Opset 17, IR version 8: what runtimes have read since 2022.

import Artifacts
import Datasets
import Diagnostics
import FoundationEssentials
import Networks
import SwiftProtobuf

/// How an ONNX file is made.
package struct ONNXOptions: Sendable {
  /// Folds batch normalisation into neighbours, where that is exact.
  package var foldsBatchNorm = false
  /// Whether the graph takes grey values from 0 to 255 instead of normalised images.
  package var normalizes = false

  package init() {}
}

extension TrainedModel {
  /// The file's content: input `input [N, C, H, W]` and output `logits [N, classes]`, both float32.
  package func onnx(_ options: ONNXOptions = ONNXOptions()) throws -> [UInt8] {
    let input = [network.input.channels, network.input.height, network.input.width]
    var builder = ONNXGraphBuilder(name: network.description.name, input: input)
    if options.normalizes { builder.append(normalization) }
    let steps = options.foldsBatchNorm ? inferenceSteps.foldingBatchNorm : inferenceSteps
    for step in steps { builder.append(step) }
    var model = Onnx_ModelProto()
    model.irVersion = 8
    model.producerName = "ptrain"
    model.graph = builder.finish(classCount: network.classCount)
    model.opsetImport = [.with { $0.version = 17 }]
    model.metadataProps = metadata.dropFirst().map { entry in
      .with { ($0.key, $0.value) = (entry.key, entry.value) }
    }
    return try model.serializedBytes()
  }
}

/// Appends nodes, each reading what the one before left.
private struct ONNXGraphBuilder {
  private static let inputName = "input"
  private static let outputName = "logits"

  private var graph = Onnx_GraphProto()
  private var value = Self.inputName
  /// Whether the current value is `[N, F]` instead of `[N, C, H, W]`.
  private var isFlat = false

  init(name: String, input: [Int]) {
    graph.name = name
    graph.input = [Self.valueInfo(Self.inputName, shape: input)]
  }

  mutating func append(_ normalization: Normalization) {
    let parameters = ["normalization.gain", "normalization.offset"]
    store(parameters[0], shape: [1], [normalization.gain])
    store(parameters[1], shape: [1], [normalization.offset])
    node("Mul", [parameters[0]])
    node("Add", [parameters[1]])
  }

  mutating func append(_ step: InferenceStep) {
    switch step {
    case .conv(let weights, let stride, let padding):
      let kernel = weights.shape[2]
      node(
        "Conv", store(weights),
        [
          .ints("kernel_shape", [kernel, kernel]), .ints("strides", [stride, stride]),
          .ints("pads", [padding, padding, padding, padding]),
        ])
    case .dense(let weights):
      flatten()
      node("Gemm", store(weights), [.int("transB", 1)])
    case .batchNorm(let norm):
      node("BatchNormalization", store(norm), [.float("epsilon", Float(BatchNorm.epsilon))])
    case .relu: node("Relu")
    case .sigmoid: node("Sigmoid")
    case .maxPool(let size):
      node("MaxPool", [], [.ints("kernel_shape", [size, size]), .ints("strides", [size, size])])
    case .globalAveragePool:
      node("GlobalAveragePool")
      flatten()
    }
  }

  /// The finished graph, its last value under the output's name.
  mutating func finish(classCount: Int) -> Onnx_GraphProto {
    flatten()
    graph.node[graph.node.count - 1].output = [Self.outputName]
    graph.output = [Self.valueInfo(Self.outputName, shape: [classCount])]
    return graph
  }

  private mutating func flatten() {
    guard !isFlat else { return }
    isFlat = true
    node("Flatten", [], [.int("axis", 1)])
  }

  private mutating func node(
    _ type: String, _ parameters: [String] = [], _ attributes: [Onnx_AttributeProto] = []
  ) {
    let name = "\(type)\(graph.node.count + 1)"
    graph.node.append(
      .with {
        $0.name = name
        $0.opType = type
        $0.input = [value] + parameters
        $0.output = [name]
        $0.attribute = attributes
      })
    value = name
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
  private mutating func store(_ name: String, shape: [Int], _ values: [Float]) {
    graph.initializer.append(
      .with {
        $0.name = name
        $0.dims = shape.map(Int64.init)
        $0.dataType = Int32(Onnx_TensorProto.DataType.float.rawValue)
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
