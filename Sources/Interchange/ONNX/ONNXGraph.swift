// Nodes and tensors of an ONNX graph while it is put together.

import FoundationEssentials
import PTrainNetworks
import SwiftProtobuf

/// ONNX's numbers of element types.
enum ONNXType: Int32 {
  case float = 1
  case int8 = 3
  case int32 = 6
  case int64 = 7
}

struct ONNXGraph {
  static let inputName = "input"
  private static let outputName = "logits"
  private var proto = Onnx_GraphProto()

  /// `input`: `[C, H, W]`.
  init(name: String, input: [Int]) {
    proto.name = name
    proto.input = [Self.valueInfo(Self.inputName, shape: input)]
  }

  /// The finished graph, the last node's output under the output's name.
  mutating func finish(classCount: Int) -> Onnx_GraphProto {
    proto.node[proto.node.count - 1].output = [Self.outputName]
    proto.output = [Self.valueInfo(Self.outputName, shape: [classCount])]
    return proto
  }

  // MARK: Nodes

  /// `[N, C, H, W]` as `[N, F]`.
  mutating func flatten(_ x: String) -> String { node("Flatten", [x], [.int("axis", 1)]) }

  /// `[N, F]` as `[N, F, 1, 1]`.
  mutating func raise(_ x: String) -> String {
    let name = "shape.plane"
    if !holds(name) { store(name, shape: [4], [0, -1, 1, 1] as [Int64], type: .int64) }
    return node("Reshape", [x, name])
  }

  /// `x·gain + offset`, along the channels of `[N, C, H, W]` where there are several.
  mutating func scale(_ x: String, _ name: String, _ gains: [Float], _ offsets: [Float]) -> String {
    let shape = gains.count == 1 ? [1] : [gains.count, 1, 1]
    store("\(name).gain", shape: shape, gains)
    store("\(name).offset", shape: shape, offsets)
    return node("Add", [node("Mul", [x, "\(name).gain"]), "\(name).offset"])
  }

  mutating func node(
    _ type: String, _ inputs: [String], _ attributes: [Onnx_AttributeProto] = []
  ) -> String {
    let name = "\(type)\(proto.node.count + 1)"
    proto.node.append(
      .with {
        $0.name = name
        $0.opType = type
        $0.input = inputs
        $0.output = [name]
        $0.attribute = attributes
      })
    return name
  }

  // MARK: Tensors

  /// A scalar, stored once.
  mutating func constant<Number>(
    _ value: Number, type: ONNXType = .float
  ) -> String {
    let name = "constant.\(value)"
    if !holds(name) { store(name, shape: [], [value], type: type) }
    return name
  }

  private func holds(_ name: String) -> Bool { proto.initializer.contains { $0.name == name } }

  /// Adds a tensor; `raw_data` is little-endian, as is everything that ptrain runs on.
  mutating func store<Number>(
    _ name: String, shape: [Int], _ values: [Number],
    type: ONNXType = .float
  ) {
    proto.initializer.append(
      .with {
        $0.name = name
        $0.dims = shape.map(Int64.init)
        $0.dataType = type.rawValue
        $0.rawData = values.withUnsafeBytes { Data($0) }
      })
  }

  /// A float tensor `[N, shape…]`, N left open.
  private static func valueInfo(_ name: String, shape: [Int]) -> Onnx_ValueInfoProto {
    .with {
      $0.name = name
      $0.type.tensorType.elemType = ONNXType.float.rawValue
      $0.type.tensorType.shape.dim =
        [.with { $0.dimParam = "N" }]
        + shape.map { length in .with { $0.dimValue = Int64(length) } }
    }
  }
}

extension Window {
  /// Of a convolution.
  func attributes(groups: Int) -> [Onnx_AttributeProto] {
    attributes + (groups == 1 ? [] : [.int("group", Int64(groups))])
      + (dilation == 1 ? [] : [.ints("dilations", [dilation, dilation])])
  }

  var attributes: [Onnx_AttributeProto] {
    [
      .ints("kernel_shape", [height, width]),
      .ints("strides", [verticalStride, horizontalStride]),
      .ints("pads", [padding.top, padding.left, padding.bottom, padding.right]),
    ]
  }
}

extension Onnx_AttributeProto {
  static func int(_ name: String, _ value: Int64) -> Self {
    .with { ($0.name, $0.type, $0.i) = (name, .int, value) }
  }

  static func ints(_ name: String, _ values: [Int]) -> Self {
    .with { ($0.name, $0.type, $0.ints) = (name, .ints, values.map(Int64.init)) }
  }

  static func float(_ name: String, _ value: Float) -> Self {
    .with { ($0.name, $0.type, $0.f) = (name, .float, value) }
  }
}
