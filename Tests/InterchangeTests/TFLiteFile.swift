// A TensorFlow Lite file as tests look at it, by the field numbers of its schema.

import Testing

@testable import PTrainInterchange

struct TFLiteFile {
  struct Tensor {
    var name: String
    var shape: [Int]
    var type: TFLiteType
    var content: [UInt8]
    var scales: [Float]
    var zeroPoints: [Int64]
    var dimension: Int
  }

  struct Operator {
    var code: TFLiteOperatorCode
    var version: Int
    var inputs: [Int]
    var outputs: [Int]
    var optionsType: UInt8
    var options: FlatReader.Table?
  }

  let tensors: [Tensor]
  let operators: [Operator]
  let input: Int
  let output: Int
  let metadataContents: [String: [UInt8]]
  var metadata: [String: String] {
    metadataContents.mapValues { String(decoding: $0, as: UTF8.self) }
  }

  init(_ bytes: [UInt8]) throws {
    let reader = FlatReader(bytes: bytes)
    #expect(reader.identifier == "TFL3")
    let root = try reader.root()
    #expect(try root.number(0, or: UInt32(0)) == 3)
    let subgraphs = try root.tables(2)
    try #require(subgraphs.count == 1)
    let contents = try root.tables(4).map { buffer in
      // Content begins at multiples of 16, as the schema's force_align says.
      if let start = try buffer.vector(0)?.start { #expect(start.isMultiple(of: 16)) }
      return try buffer.numbers(0, as: UInt8.self)
    }
    #expect(contents.first == [])
    tensors = try subgraphs[0].tables(0).map { try Self.tensor($0, contents) }
    let codes = try root.tables(1).map { table in
      let code = try table.number(3, or: Int32(0))
      #expect(try table.number(0, or: Int8(0)) == Int8(clamping: code))
      return (
        try #require(TFLiteOperatorCode(rawValue: Int(code))),
        Int(try table.number(2, or: Int32(1)))
      )
    }
    operators = try subgraphs[0].tables(3).map { table in
      let (code, version) = codes[Int(try table.number(0, or: UInt32(0)))]
      return Operator(
        code: code, version: version, inputs: try table.integers(1), outputs: try table.integers(2),
        optionsType: try table.number(3, or: 0), options: try table.table(4))
    }
    let (inputs, outputs) = (try subgraphs[0].integers(1), try subgraphs[0].integers(2))
    try #require(inputs.count == 1 && outputs.count == 1)
    (input, output) = (inputs[0], outputs[0])
    metadataContents = try Dictionary(
      uniqueKeysWithValues: root.tables(6).map {
        (try $0.string(0), contents[Int(try $0.number(1, or: UInt32(0)))])
      })
  }

  private static func tensor(_ table: FlatReader.Table, _ contents: [[UInt8]]) throws -> Tensor {
    let quantization = try table.table(4)
    return Tensor(
      name: try table.string(3), shape: try table.integers(0),
      type: try #require(TFLiteType(rawValue: try table.number(1, or: 0))),
      content: contents[Int(try table.number(2, or: UInt32(0)))],
      scales: try quantization?.numbers(2, as: UInt32.self).map(Float.init(bitPattern:)) ?? [],
      zeroPoints: try quantization?.numbers(3) ?? [],
      dimension: Int(try quantization?.number(6, or: Int32(0)) ?? 0))
  }

  func named(_ name: String) throws -> Tensor {
    try #require(tensors.first { $0.name == name }, "no tensor \(name)")
  }

  /// The only operator of a kind.
  func only(_ code: TFLiteOperatorCode) throws -> Operator {
    let found = operators.filter { $0.code == code }
    try #require(found.count == 1, "\(found.count) operators \(code)")
    return found[0]
  }
}

extension FlatReader.Table {
  func integers(_ id: Int) throws -> [Int] { try numbers(id, as: Int32.self).map(Int.init) }
}

extension TFLiteFile.Tensor {
  func values<Number>(as: Number.Type = Number.self) -> [Number] {
    content.withUnsafeBytes { bytes in
      stride(from: 0, to: bytes.count, by: MemoryLayout<Number>.size).map {
        bytes.loadUnaligned(fromByteOffset: $0, as: Number.self)
      }
    }
  }
}
