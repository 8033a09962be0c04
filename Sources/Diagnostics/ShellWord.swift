// Names as words of a shell: what a message tells to type must do what it says, whatever a path holds.

extension String {
  /// The text as one word of a POSIX shell; of bash where it holds control characters, which must
  /// not break a line.
  package var shellWord: String {
    if !isEmpty, utf8.allSatisfy(Self.isPlain) { return self }
    if !unicodeScalars.contains(where: { $0.value < 32 || $0.value == 127 }) {
      let parts = split(separator: "'", omittingEmptySubsequences: false)
      return "'" + parts.joined(separator: #"'\''"#) + "'"
    }
    return "$'" + unicodeScalars.map(Self.escaped).joined() + "'"
  }

  private static func isPlain(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"):
      true
    default: "_-./,:+@%=".utf8.contains(byte)
    }
  }

  private static func escaped(_ scalar: Unicode.Scalar) -> String {
    switch scalar {
    case "'", "\\": "\\\(scalar)"
    case _ where scalar.value < 32 || scalar.value == 127:
      "\\" + String(repeating: "0", count: scalar.value < 8 ? 2 : scalar.value < 64 ? 1 : 0)
        + String(scalar.value, radix: 8)
    default: String(scalar)
    }
  }
}
