// The IDX format of MNIST's files: a magic number, big-endian sizes, then bytes.
// Parsing is a pure function over bytes that trusts nothing in them.

import PTrainDiagnostics
import PTrainMemory

/// What one IDX file holds.
package struct IDX: Equatable, Sendable {
  /// The two kinds of file that a labelled image set consists of.
  package enum Content: UInt32, Sendable {
    /// Unsigned bytes `[N]`.
    case labels = 0x801
    /// Unsigned bytes `[N, H, W]`.
    case images = 0x803
    /// Unsigned bytes `[N, C, H, W]`, C 1 or 3.
    case planes = 0x804

    package var dimensionCount: Int { Int(rawValue & 255) }
    var noun: String { self == .labels ? "labels" : "images" }
    /// What a file of this kind may hold in its place.
    fileprivate func accepts(_ other: Content) -> Bool { (self == .labels) == (other == .labels) }
  }

  /// Most bytes of a decompressed file.
  package static let byteLimit = 1 << 30
  /// Largest height and width of an image.
  package static let sideLimit = 4096

  /// `[N, H, W]` or `[N, C, H, W]` for images, `[N]` for labels; none is 0.
  package let dimensions: [Int]
  /// Row-major elements.
  package let elements: ByteStore

  /// Reads and parses a file.
  init(_ file: String, as content: Content) throws(Failure) {
    try self.init(readFile(file, limit: Self.byteLimit), as: content, file: file)
  }

  /// Parses a file's bytes, plain or gzip, which must hold `content`: images of either kind where it is
  /// one of the two.
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
    let content = try Self.readMagic(from: &reader, content, file)
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
  ) throws(Failure) -> Content {
    let bytes = try reader.read(4)
    guard bytes.count == 4 else {
      throw Failure(
        .badData, "\(file): only \(bytes.count) bytes; an IDX file begins with a header")
    }
    let magic = bigEndian(bytes[...])
    let expected = "expected \(hex(content.rawValue)) (IDX \(content.noun))"
    if let other = Content(rawValue: magic) {
      if content.accepts(other) { return other }
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
    guard content != .planes || [1, 3].contains(dimensions[1]) else {
      throw Failure(
        .badData,
        "\(file): images of \(dimensions[1]) channels; expected N x C x H x W with 1 or 3")
    }
    // At most 2^32 · 3 · 4096 · 4096: no overflow.
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

extension IDX {
  /// Height, width and channels of images.
  var imageSize: (height: Int, width: Int, channels: Int) {
    let last = dimensions.suffix(2)
    return (last.first!, last.last!, dimensions.count == 4 ? dimensions[1] : 1)
  }

  /// The images `[N, H, W, C]`; those of one plane as they are. Throws `.fault` without memory.
  func interleaved() throws(Failure) -> ByteStore {
    let (height, width, channels) = imageSize
    guard channels > 1 else { return elements }
    let pixels = height * width
    return try ByteStore(capacity: elements.count) { target in
      for image in stride(from: 0, to: elements.count, by: pixels * channels) {
        for channel in 0..<channels {
          for pixel in 0..<pixels {
            target[image + pixel * channels + channel] =
              elements[image + channel * pixels + pixel]
          }
        }
      }
      return target.count
    }
  }
}
