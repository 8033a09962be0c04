// Tables and numbers of TensorFlow Lite's schema, version 3, as far as they are written.
// Functions and cases bear the schema's names; the numbers in brackets are its field numbers.

/// `BuiltinOperator`.
enum TFLiteOperatorCode: Int, Sendable {
  case add = 0
  case averagePool2D = 1
  case concatenation = 2
  case conv2D = 3
  case depthwiseConv2D = 4
  case fullyConnected = 9
  case logistic = 14
  case maxPool2D = 17
  case mul = 18
  case relu = 19
  case relu6 = 21
  case reshape = 22
  case softmax = 25
  case tanh = 28
  case pad = 34
  case transpose = 39
  case mean = 40
  case padV2 = 60
  case leakyRelu = 98
  case quantize = 114
  case hardSwish = 117
  case gelu = 150
}

/// `TensorType`.
enum TFLiteType: Int8, Sendable {
  case float32 = 0
  case int32 = 2
  case int8 = 9
}

/// `Tensor`.
struct TFLiteTensor: Equatable, Sendable {
  var name: String
  /// Values `[1, height, width, channels]` or `[1, features]`.
  var shape: [Int]
  var type: TFLiteType
  var quantization: TFLiteQuantization?
  /// 0 for a tensor without content.
  var buffer = 0
}

/// `QuantizationParameters` of a tensor: one scale, or one for each index of `dimension`.
struct TFLiteQuantization: Equatable, Sendable {
  var scales: [Float]
  var zeroPoint = 0
  var dimension = 0

  fileprivate var table: FlatTable {
    FlatTable(fields: [
      2: .numbers(scales),
      3: .numbers([Int64](repeating: Int64(zeroPoint), count: scales.count)),
      6: .number(Int32(dimension)),
    ])
  }
}

enum TFLiteSchema {
  static let identifier = "TFL3"

  static func model(
    operatorCodes: [FlatTable], subgraph: FlatTable, description: String, buffers: [FlatTable],
    metadata: [FlatTable]
  ) -> FlatTable {
    FlatTable(fields: [
      0: .number(UInt32(3)), 1: .tables(operatorCodes), 2: .tables([subgraph]),
      3: .string(description), 4: .tables(buffers), 6: .tables(metadata),
    ])
  }

  static func operatorCode(_ code: TFLiteOperatorCode, version: Int) -> FlatTable {
    FlatTable(fields: [
      // Old readers know the deprecated field alone, which ends at 127.
      0: .number(Int8(clamping: code.rawValue)), 2: .number(Int32(version)),
      3: .number(Int32(code.rawValue)),
    ])
  }

  static func subGraph(
    tensors: [FlatTable], inputs: [Int], outputs: [Int], operators: [FlatTable], name: String
  ) -> FlatTable {
    FlatTable(fields: [
      0: .tables(tensors), 1: .integers(inputs), 2: .integers(outputs), 3: .tables(operators),
      4: .string(name),
    ])
  }

  static func tensor(_ tensor: TFLiteTensor) -> FlatTable {
    var table = FlatTable(fields: [
      0: .integers(tensor.shape), 1: .number(tensor.type.rawValue),
      2: .number(UInt32(tensor.buffer)), 3: .string(tensor.name),
    ])
    table.fields[4] = tensor.quantization.map { .table($0.table) }
    return table
  }

  static func `operator`(
    codeIndex: Int, inputs: [Int], outputs: [Int], options: TFLiteOptions?
  ) -> FlatTable {
    var table = FlatTable(fields: [
      0: .number(UInt32(codeIndex)), 1: .integers(inputs), 2: .integers(outputs),
    ])
    table.fields[3] = options.map { .number($0.type) }
    table.fields[4] = options.map { .table($0.table) }
    return table
  }

  /// `data` starts at a multiple of 16; none for tensors that are computed.
  static func buffer(_ data: [UInt8]) -> FlatTable {
    data.isEmpty
      ? FlatTable() : FlatTable(fields: [0: .vector(data, count: data.count, alignment: 16)])
  }

  static func metadata(name: String, buffer: Int) -> FlatTable {
    FlatTable(fields: [0: .string(name), 1: .number(UInt32(buffer))])
  }
}
