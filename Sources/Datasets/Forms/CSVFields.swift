// Rows of comma-separated values (RFC 4180), field by field, from bytes that may be anything.
// Also semicolons and tabs, which spreadsheets write where the comma is a decimal sign.

/// The fields of a text in order.
struct CSVFields {
  private let bytes: [UInt8]
  private let separator: UInt8
  private var place: Int
  /// 1-based, of the row that the last field was in.
  private(set) var line = 0
  private var isRowStart = true
  private var newLines = 1

  private static let quote = UInt8(ascii: "\"")
  private static let separators = [",", ";", "\t"].map { UInt8(ascii: $0) }

  init(_ bytes: [UInt8]) {
    self.bytes = bytes
    // A byte order mark is no part of the first field.
    place = bytes.starts(with: [0xef, 0xbb, 0xbf]) ? 3 : 0
    separator = Self.separator(bytes)
  }

  /// The first that stands outside of quotes.
  private static func separator(_ bytes: [UInt8]) -> UInt8 {
    var isQuoted = false
    for byte in bytes {
      if byte == quote { isQuoted.toggle() }
      if !isQuoted, separators.contains(byte) { return byte }
    }
    return separators[0]
  }

  /// A field's bytes without quotes and blanks around it, and whether the row ends with it.
  struct Field {
    var bytes: Range<Int>
    /// Whether doubled quotes stand in it.
    var hasQuotes = false
    var endsRow: Bool
  }

  var isAtEnd: Bool { place >= bytes.count }

  /// Passes over empty lines; false at the end of the text.
  mutating func beginRow() -> Bool {
    line += newLines
    newLines = 0
    while place < bytes.count, bytes[place] == 0x0a || bytes[place] == 0x0d {
      if endsLine(at: place) { line += 1 }
      place += 1
    }
    newLines = 1
    return place < bytes.count
  }

  /// A carriage return right before a line feed ends no line of its own.
  private func endsLine(at place: Int) -> Bool {
    bytes[place] == 0x0a || !(place + 1 < bytes.count && bytes[place + 1] == 0x0a)
  }

  /// The row's next field; nil where quotes are not closed or something follows them.
  mutating func next() -> Field? {
    while place < bytes.count, bytes[place] == 0x20 { place += 1 }
    guard place < bytes.count, bytes[place] == Self.quote else { return nextPlain() }
    let start = place + 1
    var (end, hasQuotes) = (start, false)
    while true {
      guard end < bytes.count else { return nil }
      if bytes[end] == Self.quote {
        guard end + 1 < bytes.count, bytes[end + 1] == Self.quote else { break }
        hasQuotes = true
        end += 1
      } else if bytes[end] == 0x0a {
        newLines += 1
      }
      end += 1
    }
    place = end + 1
    while place < bytes.count, bytes[place] == 0x20 { place += 1 }
    guard let endsRow = takeEnd() else { return nil }
    return Field(bytes: start..<end, hasQuotes: hasQuotes, endsRow: endsRow)
  }

  private mutating func nextPlain() -> Field {
    let start = place
    while place < bytes.count, bytes[place] != separator, bytes[place] != 0x0a, bytes[place] != 0x0d
    {
      place += 1
    }
    var end = place
    while end > start, bytes[end - 1] == 0x20 { end -= 1 }
    return Field(bytes: start..<end, endsRow: takeEnd() ?? true)
  }

  /// Passes over a separator or the end of a line; nil where neither follows.
  private mutating func takeEnd() -> Bool? {
    guard place < bytes.count else { return true }
    defer { place += 1 }
    if bytes[place] == separator { return false }
    guard bytes[place] == 0x0a || bytes[place] == 0x0d else { return nil }
    if bytes[place] == 0x0d, place + 1 < bytes.count, bytes[place + 1] == 0x0a { place += 1 }
    return true
  }

  /// The whole number that a field is; nil for anything else. `5.0` is one too.
  func number(_ field: Field) -> Int? {
    var (value, place) = (0, field.bytes.lowerBound)
    let end = field.bytes.upperBound
    while place < end, bytes[place] &- 0x30 <= 9 {
      guard value < 1 << 40 else { return nil }
      value = value * 10 + Int(bytes[place] - 0x30)
      place += 1
    }
    guard place > field.bytes.lowerBound else { return nil }
    if place < end, bytes[place] == UInt8(ascii: ".") {
      place += 1
      while place < end, bytes[place] == 0x30 { place += 1 }
    }
    return place == end ? value : nil
  }

  /// Whether a field begins as no number does.
  func isWord(_ field: Field) -> Bool {
    guard let first = field.bytes.first.map({ bytes[$0] }) else { return false }
    return !(0x30...0x39).contains(first) && !"+-.".utf8.contains(first)
  }

  func text(_ field: Field) -> String {
    let text = String(decoding: bytes[field.bytes], as: UTF8.self)
    return field.hasQuotes ? text.replacing("\"\"", with: "\"") : text
  }
}
