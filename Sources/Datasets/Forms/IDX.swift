// The IDX format of MNIST's files: a magic number, big-endian sizes, then bytes.
// Parsing is a pure function over bytes that trusts nothing in them.

import Diagnostics
import Memory

/// What one IDX file holds.
package struct IDX: Equatable, Sendable {
  /// The two kinds of file that a labelled image set consists of.
  package enum Content: UInt32, Sendable {
    /// Unsigned bytes `[N]`.
    case labels = 0x801
    /// Unsigned bytes `[N, H, W]`.
    case images = 0x803

    package var dimensionCount: Int { self == .images ? 3 : 1 }
    var noun: String { self == .images ? "images" : "labels" }
  }

  /// Most bytes of a decompressed file.
  package static let byteLimit = 1 << 30
  /// Largest height and width of an image.
  package static let sideLimit = 4096

  /// `[N, H, W]` for images, `[N]` for labels; none is 0.
  package let dimensions: [Int]
  /// Row-major elements.
  package let elements: ByteStore

  /// Reads and parses a file.
  init(_ file: String, as content: Content) throws(Failure) {
    try self.init(readFile(file, limit: Self.byteLimit), as: content, file: file)
  }

  /// Parses a file's bytes, plain or gzip, which must hold `content`.
  ///
  /// `file` names them in errors. Throws `.badData` for anything but a complete file.
  package init(
    _ bytes: [UInt8], as content: Content, file: String, byteLimit: Int = IDX.byteLimit
  ) throws(Failure) {
    guard !bytes.isEmpty else { throw Failure(.badData, "\(file): the file is empty") }
    if GzipReader.recognizes(bytes) {
      var reader = try GzipReader(bytes, file: file)
      try self.init(from: &reader, as: content, file: file, byteLimit: byteLimit)
    } else {
      var reader = PlainReader(bytes)
      try self.init(from: &reader, as: content, file: file, byteLimit: byteLimit)
    }
  }

  private init(
    from reader: inout some ByteReader, as content: Content, file: String, byteLimit: Int
  ) throws(Failure) {
    try Self.readMagic(from: &reader, content, file)
    dimensions = try Self.readDimensions(from: &reader, content, file)
    let count = try Self.elementCount(dimensions, content, file, byteLimit)
    guard count <= reader.mostRemaining else {
      throw Self.sizeMismatch(dimensions, holds: "at most \(reader.mostRemaining)", file)
    }
    elements = try ByteStore(capacity: count) { (buffer) throws(Failure) in
      try reader.read(into: buffer)
    }
    guard elements.count == count else {
      throw Self.sizeMismatch(dimensions, holds: "\(elements.count)", file)
    }
    guard try reader.read(1).isEmpty else {
      throw Self.sizeMismatch(dimensions, holds: "more than \(count)", file)
    }
  }

  private static func readMagic(
    from reader: inout some ByteReader, _ content: Content, _ file: String
  ) throws(Failure) {
    let bytes = try reader.read(4)
    guard bytes.count == 4 else {
      throw Failure(
        .badData, "\(file): only \(bytes.count) bytes; an IDX file begins with a header")
    }
    let magic = bigEndian(bytes[...])
    guard magic != content.rawValue else { return }
    let expected = "expected \(hex(content.rawValue)) (IDX \(content.noun))"
    if let other = Content(rawValue: magic) {
      throw Failure(
        .badData, "\(file): holds \(other.noun), \(expected); are the two files swapped?")
    }
    throw Failure(.badData, "\(file): \(other(magic)), \(expected)")
  }

  /// What another magic number says that a file is: two zeros, the type of element, the axes.
  private static func other(_ magic: UInt32) -> String {
    let types: [UInt32: String] = [
      8: "unsigned bytes", 9: "signed bytes", 0xb: "16-bit integers", 0xc: "32-bit integers",
      0xd: "32-bit floats", 0xe: "64-bit floats",
    ]
    guard let type = types[magic >> 8] else {
      return "neither IDX nor gzip: begins with \(hex(magic))"
    }
    let axes = magic & 255 == 1 ? "1 axis" : "\(magic & 255) axes"
    return "IDX of \(type) with \(axes) (\(hex(magic)))"
  }

  private static func readDimensions(
    from reader: inout some ByteReader, _ content: Content, _ file: String
  ) throws(Failure) -> [Int] {
    let size = 4 * content.dimensionCount
    let bytes = try reader.read(size)
    guard bytes.count == size else {
      throw Failure(
        .badData,
        "\(file): the header ends after \(4 + bytes.count) of \(4 + size) bytes; fetch it again")
    }
    return stride(from: 0, to: size, by: 4).map { Int(bigEndian(bytes[$0..<$0 + 4])) }
  }

  /// The product of the sizes, each and all within bounds.
  private static func elementCount(
    _ dimensions: [Int], _ content: Content, _ file: String, _ byteLimit: Int
  ) throws(Failure) -> Int {
    guard dimensions[0] > 0 else { throw Failure(.badData, "\(file): holds no \(content.noun)") }
    guard dimensions.dropFirst().allSatisfy((1...sideLimit).contains) else {
      throw Failure(
        .badData,
        "\(file): images of \(product(dimensions.dropFirst())) pixels; each side must be 1 to \(sideLimit)"
      )
    }
    // At most 2^32 · 4096 · 4096: no overflow.
    let count = dimensions.reduce(1, *)
    guard count <= byteLimit else {
      throw Failure(
        .badData,
        "\(file): the header announces \(product(dimensions)) bytes; at most \(byteLimit) are read")
    }
    return count
  }

  private static func sizeMismatch(
    _ dimensions: [Int], holds held: String, _ file: String
  ) -> Failure {
    Failure(
      .badData,
      "\(file): the header announces \(product(dimensions)) bytes, the file holds \(held); fetch it again"
    )
  }

  private static func product(_ dimensions: some Sequence<Int>) -> String {
    dimensions.map(String.init).joined(separator: " x ")
  }

  private static func bigEndian(_ bytes: ArraySlice<UInt8>) -> UInt32 {
    bytes.reduce(0) { $0 << 8 | UInt32($1) }
  }

  private static func hex(_ value: UInt32) -> String {
    let digits = String(value, radix: 16)
    return "0x" + String(repeating: "0", count: 8 - digits.count) + digits
  }
}
