// A graph of TensorFlow Lite while it is put together: tensors, their content, operators in order.

struct TFLiteGraph {
  private struct OperatorCode: Hashable {
    var code: TFLiteOperatorCode
    var version: Int
  }

  private struct Operator {
    var codeIndex: Int
    var options: TFLiteOptions?
    var inputs: [Int]
    var output: Int
  }

  private(set) var tensors: [TFLiteTensor] = []
  /// The first one is empty: that of tensors without content.
  private var buffers: [[UInt8]] = [[]]
  private var codes: [OperatorCode] = []
  private var operators: [Operator] = []
  /// Tensors of `parameter`, by name.
  private var parameters: [String: Int] = [:]

  // MARK: Tensors

  /// Adds a tensor that is given or computed.
  mutating func add(_ tensor: TFLiteTensor) -> Int {
    tensors.append(tensor)
    return tensors.count - 1
  }

  /// Adds a tensor with its content.
  mutating func constant<Number>(
    _ name: String, _ shape: [Int], _ values: [Number], _ type: TFLiteType,
    _ quantization: TFLiteQuantization? = nil
  ) -> Int {
    buffers.append(values.withUnsafeBytes { Array($0) })
    return add(
      TFLiteTensor(
        name: name, shape: shape, type: type, quantization: quantization,
        buffer: buffers.count - 1))
  }

  /// Numbers that say how an operator works; the same ones are stored once.
  mutating func parameter(_ values: [Int], shape: [Int]? = nil) -> Int {
    let name = "parameter_" + values.map(String.init).joined(separator: "_")
    if let tensor = parameters[name] { return tensor }
    let tensor = constant(name, shape ?? [values.count], values.map(Int32.init), .int32)
    parameters[name] = tensor
    return tensor
  }

  mutating func rename(_ tensor: Int, _ name: String) { tensors[tensor].name = name }

  // MARK: Operators

  /// Adds an operator in the oldest version that does what it shall.
  mutating func append(
    _ code: TFLiteOperatorCode, _ options: TFLiteOptions? = nil, _ inputs: [Int],
    into output: Int
  ) {
    let known = OperatorCode(
      code: code, version: code.version(inputs.map { tensors[$0] }, tensors[output], options))
    let index = codes.firstIndex(of: known) ?? codes.count
    if index == codes.count { codes.append(known) }
    operators.append(Operator(codeIndex: index, options: options, inputs: inputs, output: output))
  }

  /// The oldest release of TensorFlow that runs all operators.
  var release: TFLiteRelease { codes.map { $0.code.release(version: $0.version) }.max()! }

  /// The file's content; `metadata` are contents by name.
  func file(
    name: String, input: Int, output: Int, metadata: [(name: String, content: [UInt8])]
  ) -> [UInt8] {
    let subgraph = TFLiteSchema.subGraph(
      tensors: tensors.map(TFLiteSchema.tensor), inputs: [input], outputs: [output],
      operators: operators.map {
        TFLiteSchema.operator(
          codeIndex: $0.codeIndex, inputs: $0.inputs, outputs: [$0.output], options: $0.options)
      }, name: name)
    let root = TFLiteSchema.model(
      operatorCodes: codes.map { TFLiteSchema.operatorCode($0.code, version: $0.version) },
      subgraph: subgraph, description: "Written by ptrain",
      buffers: (buffers + metadata.map(\.content)).map(TFLiteSchema.buffer),
      metadata: metadata.indices.map {
        TFLiteSchema.metadata(name: metadata[$0].name, buffer: buffers.count + $0)
      })
    return FlatBufferWriter.file(root, identifier: TFLiteSchema.identifier)
  }
}
