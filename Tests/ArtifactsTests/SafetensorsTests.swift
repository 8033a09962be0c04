// Safetensors files: what is written is read back, and what is not one is refused.

import PTrainArtifacts
import PTrainDiagnostics
import Testing

/// A file of a header as text and so many bytes of data.
private func file(_ header: String, dataByteCount: Int) -> [UInt8] {
  withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { Array($0) } + Array(header.utf8)
    + [UInt8](repeating: 0, count: dataByteCount)
}

@Suite struct SafetensorsTests {
  let sample = Safetensors(
    metadata: [.init("a \"quoted\"\nkey", "ünïcode \u{1}"), .init("format", "pt")],
    tensors: [
      .init(name: "w", shape: [2, 3], values: [1, -2, 3.5, .infinity, 0, -0.0]),
      .init(name: "scalar", shape: [], values: [7]),
      .init(name: "zero", shape: [0, 4], values: []),
      .init(name: "b", shape: [1], values: [.leastNonzeroMagnitude]),
    ])

  @Test func readsWhatItWrote() throws {
    let read = try Safetensors(sample.bytes, source: "memory")
    #expect(read.metadata == sample.metadata)
    #expect(read.tensors.count == 4)
    for tensor in sample.tensors {
      let other = try #require(read.tensors.first { $0.name == tensor.name })
      #expect(other.shape == tensor.shape)
      #expect(other.values.map(\.bitPattern) == tensor.values.map(\.bitPattern))
    }
  }

  @Test func dataStartsAtMultipleOfEight() {
    let length = sample.bytes[0..<8].reversed().reduce(0) { $0 << 8 | Int($1) }
    #expect(length % 8 == 0)
    #expect(sample.bytes.count == 8 + length + 4 * 8)
  }

  /// The format's own example layout, bytes as Hugging Face's library writes them.
  @Test func writesTheBytesOfTheFormat() {
    let bytes = Safetensors(
      metadata: [.init("k", "v")], tensors: [.init(name: "t", shape: [2], values: [1, 2])]
    ).bytes
    let header =
      #"{"__metadata__":{"k":"v"},"t":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}} "#
    let expected =
      [UInt8(header.utf8.count), 0, 0, 0, 0, 0, 0, 0] + Array(header.utf8)
      + [0, 0, 0x80, 0x3f, 0, 0, 0, 0x40]
    #expect(bytes == expected)
  }

  @Test func leavesOutPyTorchCounters() throws {
    let header =
      #"{"bn1.num_batches_tracked":{"dtype":"I64","shape":[],"data_offsets":[0,8]},"#
      + #""w":{"dtype":"F32","shape":[1],"data_offsets":[8,12]}}"#
    let read = try Safetensors(file(header, dataByteCount: 12), source: "memory")
    #expect(read.tensors == [.init(name: "w", shape: [1], values: [0])])
  }

  static let hostile: [(String, Int)] = [
    ("[]", 0), ("{", 0), ("nonsense", 0), ("{\"w\":1}", 0), ("{\"w\":{}}", 0),
    (#"{"w":{"dtype":"F32","shape":[1],"data_offsets":[0]}}"#, 4),
    (#"{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4,8]}}"#, 8),
    (#"{"w":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}"#, 4),
    (#"{"w":{"dtype":"F32","shape":[1],"data_offsets":[-4,0]}}"#, 4),
    (#"{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#, 3),
    (#"{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#, 5),
    (#"{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}"#, 4),
    (#"{"w":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}"#, 4),
    (#"{"w":{"dtype":"F32","shape":[-1,-1],"data_offsets":[0,4]}}"#, 4),
    (#"{"w":{"dtype":"F32","shape":[1.5],"data_offsets":[0,4]}}"#, 4),
    (#"{"w":{"dtype":"F32","shape":[4294967296,4294967296,4],"data_offsets":[0,0]}}"#, 0),
    (#"{"w":{"dtype":"F32","shape":[9223372036854775807],"data_offsets":[0,4]}}"#, 4),
    (#"{"w":{"dtype":"F32","shape":[99999999999999999999],"data_offsets":[0,4]}}"#, 4),
    (#"{"w":{"dtype":"F32","shape":[1],"data_offsets":[-9223372036854775808,4]}}"#, 4),
    (
      #"{"w":{"dtype":"F32","shape":[1],"data_offsets":"#
        + "[-9223372036854775808,9223372036854775807]}}", 4
    ),
    (#"{"w":{"dtype":"F64","shape":[1],"data_offsets":[0,8]}}"#, 8),
    (#"{"w":{"dtype":"I64","shape":[1],"data_offsets":[0,8]}}"#, 8),
    (#"{"__metadata__":{"k":1}}"#, 0),
    (
      #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"#
        + #""b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}"#, 12
    ),
    (
      #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"#
        + #""b":{"dtype":"F32","shape":[1],"data_offsets":[8,12]}}"#, 12
    ),
    (String(repeating: "[", count: 100_000), 0),
    (String(repeating: "{\"a\":", count: 100_000), 0),
  ]

  @Test(arguments: hostile.indices) func refusesHostileHeader(index: Int) {
    let (header, dataByteCount) = Self.hostile[index]
    let error = #expect(throws: Failure.self) {
      try Safetensors(file(header, dataByteCount: dataByteCount), source: "x.safetensors")
    }
    #expect(error?.kind == .badData)
    #expect(error?.message.hasPrefix("x.safetensors: ") == true)
    #expect(error?.message.contains("\n") == false)
  }

  static let entry = #"{"dtype":"F32","shape":[1],"data_offsets":[0,4]}"#

  /// A decoder of JSON keeps one of two equal keys; the format has no such file. Nor has it other keys.
  @Test(arguments: [
    #"{"w":ENTRY,"w":ENTRY}"#,
    #"{"w":ENTRY,"\u0077":ENTRY}"#,
    #"{"w":ENTRY,"b":{"dtype":"F32","shape":[0],"data_offsets":[4,4]},"w":ENTRY}"#,
    #"{"__metadata__":{"k":"v"},"__metadata__":{"k":"v"},"w":ENTRY}"#,
    #"{"__metadata__":{},"__metadata__":{},"w":ENTRY}"#,
    #"{"__metadata__":{"k":"v","k":"w"},"w":ENTRY}"#,
    #"{"__metadata__":{"k":"v","\u006b":"w"},"w":ENTRY}"#,
    #"{"w":{"dtype":"F32","dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#,
    #"{"w":{"dtype":"F64","shape":[1],"dtype":"F32","data_offsets":[0,4]}}"#,
    #"{"w":{"dtype":"F32","shape":[2],"shape":[1],"data_offsets":[0,4]}}"#,
    #"{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"data_offsets":[0,4]}}"#,
    #"{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"strides":[1]}}"#,
    #"{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"extra":{"a":{}}}}"#,
    #"{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"":null}}"#,
    #"{"w":ENTRY,"extra":{}}"#,
    #"{"w":ENTRY,"extra":"text"}"#,
  ])
  func refusesKeysTwiceAndUnknownOnes(header: String) {
    let header = header.replacing("ENTRY", with: Self.entry)
    let error = #expect(throws: Failure.self) {
      try Safetensors(file(header, dataByteCount: 4), source: "x")
    }
    #expect(error?.kind == .badData)
    #expect(error?.message.hasPrefix("x: ") == true)
  }

  @Test func saysThatAKeyIsThereTwice() {
    let error = #expect(throws: Failure.self) {
      try Safetensors(
        file(#"{"w":\#(Self.entry),"w":\#(Self.entry)}"#, dataByteCount: 4), source: "x")
    }
    #expect(
      error?.message == "x: the header has a key twice, or one that the format does not know")
  }

  /// Signs of JSON inside strings, blanks and the order of keys are no reason to refuse.
  @Test(arguments: [
    #"{"w:{}\"":ENTRY,"__metadata__":{"a:\\":"{\"b\":1}","\"__metadata__\"":"::"}}"#,
    #"{ "w" : {"data_offsets":[0,4] , "shape":[1], "dtype" : "F32"} , "__metadata__" : { } }   "#,
    #"{"w\\":ENTRY}"#, #"{"__metadata__":{"w":"w"},"w":ENTRY}"#,
    #"{"__metadata__":{"dtype":"__metadata__"},"dtype":ENTRY}"#, #"{"":ENTRY}"#,
  ])
  func takesEveryKeyThatIsThereOnce(header: String) throws {
    let header = header.replacing("ENTRY", with: Self.entry)
    let read = try Safetensors(file(header, dataByteCount: 4), source: "x")
    #expect(read.tensors.map(\.values) == [[0]])
    let again = try Safetensors(read.bytes, source: "x")
    #expect(again == read)
  }

  @Test(
    arguments: [
      [], [1, 0, 0, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0, 0, 0],
      [255, 255, 255, 255, 255, 255, 255, 255], [255, 255, 255, 255, 255, 255, 255, 127],
      [0, 0, 16, 0, 0, 0, 0, 0], [1, 0, 16, 0, 0, 0, 0, 0],
    ] as [[UInt8]])
  func refusesHostileLength(bytes: [UInt8]) {
    #expect(throws: Failure.self) { try Safetensors(bytes, source: "x") }
  }

  @Test func errorsQuoteNamesWithoutControlCodes() {
    let header = #"{"\u001b[31m\nred":{"dtype":"F64","shape":[1],"data_offsets":[0,8]}}"#
    let error = #expect(throws: Failure.self) {
      try Safetensors(file(header, dataByteCount: 8), source: "x")
    }
    #expect(error?.message == "x: tensor '?[31m?red' has another type than F32")
  }

  @Test func refusesEveryTruncation() {
    let bytes = sample.bytes
    for count in 0..<bytes.count {
      #expect(throws: Failure.self) { try Safetensors(Array(bytes[..<count]), source: "x") }
    }
  }

  /// A changed byte is refused or gives another content; it never ends the process.
  @Test func survivesEveryChangedByte() {
    for index in sample.bytes.indices {
      for change: UInt8 in [0x01, 0x80, 0xff] {
        var bytes = sample.bytes
        bytes[index] ^= change
        let read = try? Safetensors(bytes, source: "x")
        #expect(read?.bytes != sample.bytes)
      }
    }
  }
}
