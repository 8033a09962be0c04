// Run-length encoding of bitmaps with palettes: pairs of a count and a colour, or of two in turn.

import PTrainDiagnostics

struct BMPRuns {
  private let header: BMPHeader
  private let file: ImageFile
  /// Bits of a colour's number: 8 or 4.
  private let bits: Int
  private var position: Int
  /// Numbers of colours `[height, width]`; what no run reaches is colour 0.
  private var pixels: [UInt8]
  /// From the bottom.
  private var row = 0
  private var column = 0

  init(_ header: BMPHeader, _ file: ImageFile) throws(Failure) {
    guard !header.isTopDown else {
      throw file.refusal("a BMP with runs whose first row is the upper one, which the form forbids")
    }
    self.header = header
    self.file = file
    bits = header.bitsPerPixel
    position = header.dataOffset
    pixels = [UInt8](repeating: 0, count: header.width * header.height)
  }

  consuming func indices() throws(Failure) -> [UInt8] {
    while true {
      // A file may end without saying so once all rows are there.
      if position >= file.bytes.count, row >= header.height - 1, column >= header.width { break }
      let (count, value) = (try nextByte(), try nextByte())
      if count > 0 {
        for index in 0..<Int(count) { place(number(value, index)) }
      } else if value == 0 {
        (row, column) = (row + 1, 0)
      } else if value == 1 {
        break
      } else if value == 2 {
        column += Int(try nextByte())
        row += Int(try nextByte())
      } else {
        try placeLiterally(Int(value))
      }
    }
    return pixels
  }

  private mutating func nextByte() throws(Failure) -> UInt8 {
    guard position < file.bytes.count else { throw file.truncated(.bmp) }
    defer { position += 1 }
    return file.bytes[position]
  }

  /// Number `index` of the colours that a byte holds: one, or two in turn, the upper half first.
  private func number(_ byte: UInt8, _ index: Int) -> UInt8 {
    bits == 8 ? byte : index % 2 == 0 ? byte >> 4 : byte & 15
  }

  /// `count` colours in full, then a byte where their number is odd.
  private mutating func placeLiterally(_ count: Int) throws(Failure) {
    let byteCount = (count * bits + 7) / 8
    var byte: UInt8 = 0
    for index in 0..<count {
      if index * bits % 8 == 0 { byte = try nextByte() }
      place(number(byte, index))
    }
    if byteCount % 2 == 1 { _ = try nextByte() }
  }

  /// The next pixel; those beyond the right side or the top are dropped.
  private mutating func place(_ number: UInt8) {
    if row < header.height, column < header.width {
      pixels[(header.height - 1 - row) * header.width + column] = number
    }
    column += 1
  }
}
