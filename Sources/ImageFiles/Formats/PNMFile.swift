// Netpbm's six forms: bitmaps, grey values and colours, as text (P1, P2, P3) or bytes (P4, P5, P6).

import PTrainDiagnostics

/// What stands before the pixels.
struct PNMHeader {
  /// The second byte of a file.
  static let kinds = UInt8(ascii: "1")...UInt8(ascii: "6")

  let isText: Bool
  let isBitmap: Bool
  let channels: Int
  let width: Int
  let height: Int
  /// What stands for full brightness, 1 to 65,535.
  let largest: Int

  static func isSeparator(_ byte: UInt8) -> Bool {
    // Blank, tab, line feed, vertical tab, form feed, carriage return.
    byte == 32 || (9...13).contains(byte) || byte == UInt8(ascii: "#")
  }

  init(_ tokens: inout PNMTokens) throws(Failure) {
    let kind = Int(tokens.file.bytes[1] - UInt8(ascii: "0"))
    isText = kind <= 3
    isBitmap = kind % 3 == 1
    channels = kind % 3 == 0 ? 3 : 1
    width = try tokens.next("the width")
    height = try tokens.next("the height")
    largest = isBitmap ? 1 : try tokens.next("the largest value")
    try tokens.file.checkSize(width: width, height: height)
    guard (1...65_535).contains(largest) else {
      throw tokens.file.refusal("the largest value is \(largest), expected 1 to 65535")
    }
  }
}

/// Numbers between blanks and comments.
struct PNMTokens {
  let file: ImageFile
  private(set) var position = 2

  init(_ file: ImageFile) { self.file = file }

  /// Beyond every number that is allowed anywhere.
  private static let limit = 1 << 32

  mutating func next(_ what: String) throws(Failure) -> Int {
    skipSeparators()
    return try file.bytes.withUnsafeBufferPointer { bytes throws(Failure) in
      let start = position
      var value = 0
      while position < bytes.count, let digit = digit(bytes[position]) {
        value = min(value * 10 + digit, Self.limit)
        position += 1
      }
      guard position > start else { throw missing(what) }
      return value
    }
  }

  /// One digit of a bitmap as text, where no blanks are needed.
  mutating func nextBit() throws(Failure) -> Int {
    skipSeparators()
    guard position < file.bytes.count, let bit = digit(file.bytes[position]), bit < 2 else {
      throw missing("a pixel of 0 or 1")
    }
    position += 1
    return bit
  }

  private func digit(_ byte: UInt8) -> Int? {
    (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) ? Int(byte - UInt8(ascii: "0")) : nil
  }

  private func missing(_ what: String) -> Failure {
    position < file.bytes.count
      ? file.refusal("byte \(position): expected \(what)") : file.truncated(.pnm)
  }

  private mutating func skipSeparators() {
    while position < file.bytes.count, PNMHeader.isSeparator(file.bytes[position]) {
      if file.bytes[position] == UInt8(ascii: "#") {
        while position < file.bytes.count, file.bytes[position] != UInt8(ascii: "\n") {
          position += 1
        }
      } else {
        position += 1
      }
    }
  }
}

enum PNMFile {
  static func decode(_ file: ImageFile) throws(Failure) -> DecodedImage {
    var tokens = PNMTokens(file)
    let header = try PNMHeader(&tokens)
    let bytes =
      header.isText ? try text(header, &tokens) : try binary(header, file, tokens.position + 1)
    return DecodedImage(
      height: header.height, width: header.width, channels: header.channels, bytes: bytes)
  }

  private static func text(
    _ header: PNMHeader, _ tokens: inout PNMTokens
  ) throws(Failure) -> [UInt8] {
    let count = header.width * header.height * header.channels
    guard count <= tokens.file.bytes.count else { throw tokens.file.truncated(.pnm) }
    var bytes = [UInt8](repeating: 0, count: count)
    for index in 0..<count {
      if header.isBitmap {
        bytes[index] = try tokens.nextBit() == 0 ? 255 : 0
      } else {
        bytes[index] = try scaled(try tokens.next("a value"), header, tokens.file)
      }
    }
    return bytes
  }

  /// The pixels from `start`, one byte behind the header.
  private static func binary(
    _ header: PNMHeader, _ file: ImageFile, _ start: Int
  ) throws(Failure) -> [UInt8] {
    let isWide = header.largest > 255
    let count = header.width * header.height * header.channels
    let rowByteCount = (header.width + 7) / 8
    let byteCount = header.isBitmap ? rowByteCount * header.height : isWide ? 2 * count : count
    guard byteCount <= file.bytes.count - start else { throw file.truncated(.pnm) }
    if header.largest == 255 { return Array(file.bytes[start..<start + count]) }
    var bytes = [UInt8](repeating: 0, count: count)
    for index in 0..<count {
      if header.isBitmap {
        let (row, column) = index.quotientAndRemainder(dividingBy: header.width)
        let byte = file.bytes[start + row * rowByteCount + column / 8]
        bytes[index] = byte >> (7 - column % 8) & 1 == 0 ? 255 : 0
      } else {
        let sample =
          isWide
          ? Int(file.bytes[start + 2 * index]) << 8 | Int(file.bytes[start + 2 * index + 1])
          : Int(file.bytes[start + index])
        bytes[index] = try scaled(sample, header, file)
      }
    }
    return bytes
  }

  private static func scaled(
    _ sample: Int, _ header: PNMHeader, _ file: ImageFile
  ) throws(Failure) -> UInt8 {
    guard sample <= header.largest else {
      throw file.refusal("a value of \(sample), above the largest, \(header.largest)")
    }
    return scaledTo8Bits(sample, largest: header.largest)
  }
}
