// Runs an exported graph on the reference layers, node by node, as a runtime would.

import Foundation
import PTrainNetworks
import Testing

@testable import PTrainInterchange

/// The graph of an ONNX file with its values.
struct ONNXRun {
  /// A value `[N, C, H, W]`; vectors are `[N, F, 1, 1]`.
  private struct Value {
    var shape: Shape
    var values: [Double]
    var isFlat = false
  }

  private typealias Layers = Reference<Double>

  private var tensors: [String: Onnx_TensorProto]
  private let count: Int
  private var values: [String: Value]

  /// The logits `[N, classes]` of `input [N, C, H, W]`.
  static func logits(_ graph: Onnx_GraphProto, input: [Double], shape: Shape) throws -> [Double] {
    var run = ONNXRun(graph, input: input, shape: shape)
    for node in graph.node {
      let output = try #require(node.output.first)
      #expect(run.values[output] == nil, "a value has one node")
      if node.opType == "DequantizeLinear", let tensor = run.tensors[node.input[0]] {
        run.tensors[output] = try run.dequantized(tensor, node)
        continue
      }
      run.values[output] = try run.apply(node)
    }
    #expect(graph.node.last?.output == ["logits"])
    let logits = try #require(run.values["logits"])
    #expect(logits.isFlat)
    return logits.values
  }

  private init(_ graph: Onnx_GraphProto, input: [Double], shape: Shape) {
    tensors = Dictionary(uniqueKeysWithValues: graph.initializer.map { ($0.name, $0) })
    count = input.count / shape.count
    values = ["input": Value(shape: shape, values: input)]
  }

  private func apply(_ node: Onnx_NodeProto) throws -> Value {
    let parameters = node.input.compactMap { tensors[$0] }
    let operands = parameters.filter { $0.dataType == 1 }.map(\.doubles)
    let inputs = node.input.compactMap { values[$0] }
    #expect(
      parameters.count + inputs.count == node.input.count, "\(node.name) reads what is not there")
    let x = try #require(inputs.first)
    func with(_ values: [Double]) -> Value {
      Value(shape: x.shape, values: values, isFlat: x.isFlat)
    }
    switch node.opType {
    case "Mul", "Add":
      let product = node.opType == "Mul"
      guard inputs.count == 1 else {
        #expect(inputs.allSatisfy { $0.isFlat == x.isFlat }, "no broadcast over ranks")
        return with(
          product
            ? Layers.multiplyForward(x: x.values, factor: inputs[1].values)
            : Layers.addForward(x.values, inputs[1].values))
      }
      return with(x.values.map { product ? $0 * operands[0][0] : $0 + operands[0][0] })
    case "QuantizeLinear":
      let zero = Double(parameters[1].integers[0])
      return with(
        x.values.map {
          min(127, max(-128, ($0 / operands[0][0]).rounded(.toNearestOrEven) + zero))
        })
    case "DequantizeLinear":
      let zero = Double(parameters[1].integers[0])
      return with(x.values.map { ($0 - zero) * operands[0][0] })
    case "Transpose":
      #expect(node.ints("perm", or: []) == [0, 2, 3, 1])
      return channelsLast(x)
    case "Sigmoid": return with(Layers.sigmoidForward(x: x.values))
    case "Relu": return with(Layers.reluForward(x: x.values, mask: nil).y)
    case "Tanh": return with(Layers.tanhForward(x: x.values))
    case "Erf": return with(x.values.map(Double.errorFunction))
    case "Clip": return with(x.values.map { min(max($0, operands[0][0]), operands[1][0]) })
    case "HardSwish": return with(x.values.map { $0 * min(max($0 / 6 + 0.5, 0), 1) })
    case "LeakyRelu":
      let slope = Double(try #require(node.attribute.first { $0.name == "alpha" }).f)
      return with(x.values.map { $0 < 0 ? slope * $0 : $0 })
    case "Conv": return try convolution(node, x, parameters, operands)
    case "BatchNormalization":
      let epsilon = Double(try #require(node.attribute.first { $0.name == "epsilon" }).f)
      return with(
        Layers.batchNormForward(
          shape: x.shape, x: x.values, scale: operands[0], shift: operands[1],
          running: (operands[2], operands[3]), epsilon: epsilon
        ).y)
    case "MaxPool", "AveragePool", "GlobalMaxPool", "GlobalAveragePool":
      #expect(!x.isFlat)
      return try pool(node, x)
    case "Concat":
      #expect(node.ints("axis", or: []) == [] && inputs.allSatisfy { $0.isFlat == x.isFlat })
      var joined = with(Layers.concatenateForward(inputs.map(\.values), samples: count))
      joined.shape.channels = inputs.reduce(0) { $0 + $1.shape.channels }
      return joined
    case "Flatten":
      return Value(shape: Shape(channels: x.shape.count), values: x.values, isFlat: true)
    case "Reshape":
      #expect(parameters.first?.dataType == 7 && x.isFlat)
      return Value(shape: x.shape, values: x.values)
    case "Gemm":
      #expect(x.isFlat)
      let outputs = Int(parameters[0].dims[0])
      return Value(
        shape: Shape(channels: outputs),
        values: Layers.denseForward(
          inputs: x.shape.count, outputs: outputs, x: x.values, weights: operands[0],
          bias: operands.count > 1 ? operands[1] : nil), isFlat: true)
    default:
      Issue.record("unknown operator \(node.opType)")
      return x
    }
  }

  /// Weights, by output where there are several scales, or biases.
  private func dequantized(
    _ tensor: Onnx_TensorProto, _ node: Onnx_NodeProto
  ) throws -> Onnx_TensorProto {
    let scales = try #require(tensors[node.input[1]]).doubles
    #expect(node.attribute.first { $0.name == "axis" }?.i == (scales.count == 1 ? nil : 0))
    if node.input.count > 2 {
      let zeros = try #require(tensors[node.input[2]]).integers
      #expect(zeros == scales.map { _ in 0 })
    }
    let (values, row) = (tensor.integers, tensor.integers.count / Int(tensor.dims[0]))
    var result = tensor
    result.dataType = 1
    let floats = values.indices.map {
      Float(Double(values[$0]) * scales[scales.count == 1 ? 0 : $0 / row])
    }
    result.rawData = floats.withUnsafeBytes { Data($0) }
    return result
  }

  /// `[N, H, W, C]` as a shape of its own.
  private func channelsLast(_ x: Value) -> Value {
    let (channels, pixels) = (x.shape.channels, x.shape.height * x.shape.width)
    return Value(
      shape: Shape(channels: x.shape.height, height: x.shape.width, width: channels),
      values: x.values.indices.map { index in
        let (sample, place) = index.quotientAndRemainder(dividingBy: x.shape.count)
        return x.values[
          sample * x.shape.count + place % channels * pixels + place / channels]
      })
  }

  private func convolution(
    _ node: Onnx_NodeProto, _ x: Value, _ parameters: [Onnx_TensorProto], _ operands: [[Double]]
  ) throws -> Value {
    let dilation = node.ints("dilations", or: [1, 1])[0]
    let groups = node.attribute.first { $0.name == "group" }.map { Int($0.i) } ?? 1
    let (window, output) = slide(node, x.shape, dilation: dilation)
    let filters = Int(parameters[0].dims[0])
    let sizes = ReferenceConvSizes(
      count: count, input: x.shape,
      output: Shape(channels: filters, height: output.height, width: output.width),
      window: window, groups: groups)
    let values = Layers.convForward(
      sizes, x: x.values, weights: operands[0], bias: operands.count > 1 ? operands[1] : nil)
    return Value(shape: sizes.output, values: values)
  }

  private func pool(_ node: Onnx_NodeProto, _ x: Value) throws -> Value {
    var sizes = ReferencePoolSizes(whole: x.shape)
    if !node.opType.hasPrefix("Global") {
      let (window, output) = slide(node, x.shape, dilation: 1)
      sizes = ReferencePoolSizes(input: x.shape, output: output, window: window)
    }
    let isMaximum = node.opType.hasSuffix("MaxPool")
    let countsPadding = node.attribute.first { $0.name == "count_include_pad" }?.i
    #expect(node.opType != "AveragePool" || countsPadding == 0)
    return Value(
      shape: sizes.output,
      values: isMaximum
        ? Layers.maxPoolForward(sizes, x: x.values).y
        : Layers.averagePoolForward(sizes, x: x.values))
  }

  /// ONNX' own formula for outputs.
  private func slide(
    _ node: Onnx_NodeProto, _ shape: Shape, dilation: Int
  ) -> (window: Window, output: Shape) {
    let (size, stride) = (node.ints("kernel_shape", or: []), node.ints("strides", or: []))
    let pads = node.ints("pads", or: [])
    let window = Window(
      height: size[0], width: size[1], verticalStride: stride[0], horizontalStride: stride[1],
      dilation: dilation,
      padding: Padding(top: pads[0], left: pads[1], bottom: pads[2], right: pads[3]))
    let height = shape.height + pads[0] + pads[2] - dilation * (size[0] - 1) - 1
    let width = shape.width + pads[1] + pads[3] - dilation * (size[1] - 1) - 1
    return (
      window,
      Shape(
        channels: shape.channels, height: height / stride[0] + 1, width: width / stride[1] + 1)
    )
  }
}

extension Onnx_NodeProto {
  fileprivate func ints(_ name: String, or usual: [Int]) -> [Int] {
    attribute.first { $0.name == name }.map { $0.ints.map(Int.init) } ?? usual
  }
}

extension Onnx_TensorProto {
  /// The values of an int8 or int32 tensor.
  var integers: [Int] {
    [UInt8](rawData).withUnsafeBytes { bytes in
      dataType == 3
        ? bytes.map { Int(Int8(bitPattern: $0)) }
        : stride(from: 0, to: bytes.count, by: 4).map {
          Int(bytes.loadUnaligned(fromByteOffset: $0, as: Int32.self))
        }
    }
  }

  /// The float values.
  var doubles: [Double] {
    [UInt8](rawData).withUnsafeBytes { bytes in
      stride(from: 0, to: bytes.count, by: 4).map {
        Double(bytes.loadUnaligned(fromByteOffset: $0, as: Float.self))
      }
    }
  }
}
