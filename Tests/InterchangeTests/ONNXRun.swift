// Runs an exported graph on the reference layers, node by node, as a runtime would.

import Networks
import Testing

@testable import Interchange

/// The graph of an ONNX file with the value that flows through it.
struct ONNXRun {
  private let tensors: [String: Onnx_TensorProto]
  private let count: Int
  private var shape: Shape
  private var values: [Double]

  /// The logits `[N, classes]` of `input [N, C, H, W]`.
  static func logits(_ graph: Onnx_GraphProto, input: [Double], shape: Shape) throws -> [Double] {
    var run = ONNXRun(graph, input: input, shape: shape)
    var name = "input"
    for node in graph.node {
      #expect(node.input.first == name, "a chain")
      try run.apply(node)
      name = try #require(node.output.first)
    }
    #expect(name == "logits")
    return run.values
  }

  private init(_ graph: Onnx_GraphProto, input: [Double], shape: Shape) {
    tensors = Dictionary(uniqueKeysWithValues: graph.initializer.map { ($0.name, $0) })
    count = input.count / shape.count
    self.shape = shape
    values = input
  }

  private mutating func apply(_ node: Onnx_NodeProto) throws {
    let parameters = try node.input.dropFirst().map { try #require(tensors[$0]) }
    let operands = parameters.map(\.doubles)
    func ints(_ name: String) throws -> [Int] {
      try #require(node.attribute.first { $0.name == name }).ints.map(Int.init)
    }
    switch node.opType {
    case "Mul": values = values.map { $0 * operands[0][0] }
    case "Add": values = values.map { $0 + operands[0][0] }
    case "Relu": values = Reference<Double>.reluForward(x: values, mask: nil).y
    case "Conv":
      let (dims, padding) = (parameters[0].dims.map(Int.init), try ints("pads")[0])
      let (kernel, stride) = (dims[2], try ints("strides")[0])
      let sizes = ReferenceConvSizes(
        count: count, input: shape, filters: dims[0], kernel: kernel, stride: stride,
        padding: padding)
      values = Reference<Double>.convForward(
        sizes, x: values, weights: operands[0], bias: operands.count > 1 ? operands[1] : nil)
      func outputs(_ extent: Int) -> Int { (extent + 2 * padding - kernel) / stride + 1 }
      shape = Shape(
        channels: dims[0], height: outputs(shape.height), width: outputs(shape.width))
    case "BatchNormalization":
      values =
        Reference<Double>.batchNormForward(
          shape: shape, x: values, scale: operands[0], shift: operands[1],
          running: (operands[2], operands[3])
        ).y
    case "MaxPool":
      let size = try ints("kernel_shape")[0]
      values = Reference<Double>.maxPoolForward(shape: shape, size: size, x: values).y
      shape = Shape(
        channels: shape.channels, height: shape.height / size, width: shape.width / size)
    case "GlobalAveragePool":
      values = Reference<Double>.averagePoolForward(shape: shape, x: values)
      shape = Shape(channels: shape.channels)
    case "Flatten": shape = Shape(channels: shape.count)
    case "Gemm":
      let outputs = Int(parameters[0].dims[0])
      values = Reference<Double>.denseForward(
        inputs: shape.count, outputs: outputs, x: values, weights: operands[0],
        bias: operands.count > 1 ? operands[1] : nil)
      shape = Shape(channels: outputs)
    default: Issue.record("unknown operator \(node.opType)")
    }
  }
}

extension Onnx_TensorProto {
  /// The float values.
  var doubles: [Double] {
    [UInt8](rawData).withUnsafeBytes { bytes in
      stride(from: 0, to: bytes.count, by: 4).map {
        Double(bytes.loadUnaligned(fromByteOffset: $0, as: Float.self))
      }
    }
  }
}
