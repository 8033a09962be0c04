// Reads safetensors files from anywhere: nothing in the file is believed before it is checked.
// Header, shapes and offsets must agree with each other and with the file's length exactly.

import FoundationEssentials
import PTrainDiagnostics

extension Safetensors {
  /// Reads a file.
  ///
  /// Throws `missingInput` when it cannot be opened, `badData` when it is not what it should be.
  package init(contentsOf path: String) throws {
    try self.init(readFile(path, limit: Self.fileByteLimit), source: path)
  }

  /// Reads a file's bytes; `source` names them in errors.
  ///
  /// Tensors of other types than float32 are refused, but for PyTorch's `num_batches_tracked`
  /// counters (int64), which are left out.
  package init(_ bytes: [UInt8], source: String) throws {
    let (header, dataStart) = try Self.header(bytes, source: source)
    let entries = try Self.orderedEntries(
      header, dataByteCount: bytes.count - dataStart, source: source)
    metadata = header.metadata.sorted { $0.key < $1.key }.map { Entry($0.key, $0.value) }
    tensors = entries.filter { $0.entry.dtype == "F32" }.map { name, entry in
      Tensor(
        name: name, shape: entry.shape,
        values: Self.floats(bytes, dataStart + entry.range.lowerBound, entry.range.count / 4))
    }
  }

  private static func header(
    _ bytes: [UInt8], source: String
  ) throws -> (Header, dataStart: Int) {
    guard bytes.count >= 8 else {
      throw bad(source, "\(bytes.count) bytes, too short for a safetensors file")
    }
    let length = bytes[0..<8].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    guard length >= 2, length <= headerByteLimit, Int(length) <= bytes.count - 8 else {
      throw bad(source, "no safetensors file, or a truncated one: header of \(length) bytes")
    }
    let dataStart = 8 + Int(length)
    guard bytes[8] == UInt8(ascii: "{"),
      let header = try? JSONDecoder().decode(Header.self, from: Data(bytes[8..<dataStart]))
    else { throw bad(source, "no safetensors file: its header is not the JSON of one") }
    // A decoder keeps one of two equal keys without a word.
    let keys = keyCounts(bytes[8..<dataStart])
    guard keys.outer == header.entries.count + (keys.hasMetadata ? 1 : 0),
      keys.inner == 3 * header.entries.count + header.metadata.count
    else { throw bad(source, "the header has a key twice, or one that the format does not know") }
    return (header, dataStart)
  }

  /// Keys of a valid header: its own, and those of the maps in it.
  private static func keyCounts(
    _ json: ArraySlice<UInt8>
  ) -> (outer: Int, inner: Int, hasMetadata: Bool) {
    var (depth, isInString, isEscaped) = (0, false, false)
    var counts = [0, 0]
    for byte in json {
      if isInString {
        if byte == UInt8(ascii: "\""), !isEscaped { isInString = false }
        isEscaped = byte == UInt8(ascii: "\\") && !isEscaped
        continue
      }
      switch byte {
      case UInt8(ascii: "\""): isInString = true
      case UInt8(ascii: "{"): depth += 1
      case UInt8(ascii: "}"): depth -= 1
      case UInt8(ascii: ":") where depth == 1 || depth == 2: counts[depth - 1] += 1
      default: break
      }
    }
    let name = Array("\"__metadata__\"".utf8)
    return (counts[0], counts[1], json.firstRange(of: name) != nil)
  }

  /// The tensors by position, after checking that they fill the data without gap or overlap.
  private static func orderedEntries(
    _ header: Header, dataByteCount: Int, source: String
  ) throws -> [(name: String, entry: Header.Entry)] {
    let entries = header.entries.map { (name: $0.key, entry: $0.value) }.sorted {
      ($0.entry.start, $0.entry.end, $0.name) < ($1.entry.start, $1.entry.end, $1.name)
    }
    var position = 0
    for (name, entry) in entries {
      try check(name, entry, source: source)
      guard entry.start == position, entry.end <= dataByteCount else {
        throw bad(source, "the data of tensor \(printable(name)) overlaps, has a gap or is cut off")
      }
      position = entry.end
    }
    guard position == dataByteCount else {
      throw bad(source, "\(dataByteCount) bytes of data, expected \(position)")
    }
    return entries
  }

  private static func check(_ name: String, _ entry: Header.Entry, source: String) throws {
    let isCounter = entry.dtype == "I64" && name.hasSuffix(".num_batches_tracked")
    guard entry.dtype == "F32" || isCounter else {
      throw bad(source, "tensor \(printable(name)) has another type than F32")
    }
    guard let byteCount = entry.byteCount, entry.start >= 0, entry.end >= entry.start,
      entry.end - entry.start == byteCount
    else {
      throw bad(source, "the shape of tensor \(printable(name)) disagrees with its data")
    }
  }

  private static func floats(_ bytes: [UInt8], _ start: Int, _ count: Int) -> [Float] {
    bytes.withUnsafeBytes { source in
      (0..<count).map {
        let bits = source.loadUnaligned(fromByteOffset: start + 4 * $0, as: UInt32.self)
        return Float(bitPattern: UInt32(littleEndian: bits))
      }
    }
  }

  private static func bad(_ source: String, _ message: String) -> Failure {
    Failure(.badData, "\(source): \(message)")
  }
}

/// The JSON header as the file says it, not yet checked.
private struct Header: Decodable {
  struct Entry: Decodable {
    let dtype: String
    let shape: [Int]
    let start: Int
    let end: Int

    private enum CodingKeys: String, CodingKey {
      case dtype, shape
      case offsets = "data_offsets"
    }

    init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: CodingKeys.self)
      dtype = try container.decode(String.self, forKey: .dtype)
      shape = try container.decode([Int].self, forKey: .shape)
      let offsets = try container.decode([Int].self, forKey: .offsets)
      guard offsets.count == 2 else {
        throw DecodingError.dataCorruptedError(
          forKey: .offsets, in: container, debugDescription: "expected two offsets")
      }
      (start, end) = (offsets[0], offsets[1])
    }

    /// Only after the offsets were checked.
    var range: Range<Int> { start..<end }

    /// What the shape takes, or nil when it is negative or overflows.
    var byteCount: Int? {
      var count = dtype == "I64" ? 8 : 4
      for length in shape {
        guard length >= 0 else { return nil }
        let (product, overflow) = count.multipliedReportingOverflow(by: length)
        guard !overflow else { return nil }
        count = product
      }
      return count
    }
  }

  struct Key: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }

  var metadata: [String: String] = [:]
  var entries: [String: Entry] = [:]

  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Key.self)
    for key in container.allKeys {
      if key.stringValue == "__metadata__" {
        metadata = try container.decode([String: String].self, forKey: key)
      } else {
        entries[key.stringValue] = try container.decode(Entry.self, forKey: key)
      }
    }
  }
}
