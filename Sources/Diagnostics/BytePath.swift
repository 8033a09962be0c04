// Paths as the bytes that they are: a file's name may be no text, and must be found all the same.

import PTrainCLibrary

/// A path without a NUL; the order is that of the bytes.
package struct BytePath: Hashable, Comparable, Sendable {
  package let bytes: [UInt8]

  package init(bytes: [UInt8]) {
    precondition(!bytes.contains(0))
    self.bytes = bytes
  }

  package init(_ path: String) { self.init(bytes: Array(path.utf8)) }

  package static func < (a: BytePath, b: BytePath) -> Bool { isOrdered(a.bytes, b.bytes) }

  /// Whether a name comes before another in the order of their bytes.
  package static func isOrdered(_ a: [UInt8], _ b: [UInt8]) -> Bool {
    let common = min(a.count, b.count)
    let order = common == 0 ? 0 : memcmp(a, b, common)
    return order == 0 ? a.count < b.count : order < 0
  }

  /// The path of `name` in this directory.
  package func appending(_ name: [UInt8]) -> BytePath {
    guard !bytes.isEmpty else { return BytePath(bytes: name) }
    var joined: [UInt8] = []
    joined.reserveCapacity(bytes.count + 1 + name.count)
    joined += bytes
    joined.append(UInt8(ascii: "/"))
    joined += name
    return BytePath(bytes: joined)
  }

  /// For a line on a terminal: control characters and bytes that are no UTF-8 as `\x0a`.
  package var text: String {
    var text = ""
    var (parser, iterator, start) = (Unicode.UTF8.ForwardParser(), bytes.makeIterator(), 0)
    while true {
      switch parser.parseScalar(from: &iterator) {
      case .valid(let encoded):
        let scalar = Unicode.UTF8.decode(encoded)
        let isControl = scalar.properties.generalCategory == .control
        text += isControl ? Self.escaped(bytes[start..<start + encoded.count]) : String(scalar)
        start += encoded.count
      case .error(let count):
        text += Self.escaped(bytes[start..<start + count])
        start += count
      case .emptyInput: return text
      }
    }
  }

  private static func escaped(_ bytes: ArraySlice<UInt8>) -> String {
    bytes.map { "\\x" + ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }

  package func withCString<Result>(_ body: (UnsafePointer<CChar>) throws -> Result) rethrows
    -> Result
  {
    try (bytes + [0]).withUnsafeBytes { try body($0.bindMemory(to: CChar.self).baseAddress!) }
  }
}
