// Arguments and names as the bytes that they are. Swift's strings are Unicode: bytes that are not UTF-8
// would silently become the name of another file.

import PTrainDiagnostics

enum ArgumentBytes {
  /// Throws `usage` for the first argument that is no UTF-8.
  static func check() throws(Failure) {
    for index in 1..<max(1, Int(CommandLine.argc)) {
      guard let bytes = CommandLine.unsafeArgv[index] else { return }
      try check(bytes, "argument \(index)")
    }
  }

  /// Throws `usage` where a text is no UTF-8; `name` tells what it is.
  static func check(_ text: UnsafePointer<CChar>, _ name: String) throws(Failure) {
    guard String(validatingCString: text) == nil else { return }
    throw Failure(
      .usage,
      "\(name), \(escaped(text)), is not UTF-8; ptrain takes names in UTF-8 only: rename the file, or "
        + "name it by a link")
  }

  /// As bash writes it: printable ASCII as it is, other bytes in octal.
  private static func escaped(_ text: UnsafePointer<CChar>) -> String {
    var result = "$'"
    var next = text
    while next.pointee != 0 {
      let byte = UInt8(bitPattern: next.pointee)
      switch byte {
      case UInt8(ascii: "'"), UInt8(ascii: "\\"): result += "\\\(Unicode.Scalar(byte))"
      case 0x20..<0x7f: result.unicodeScalars.append(Unicode.Scalar(byte))
      default:
        let digits = String(byte, radix: 8)
        result += "\\" + String(repeating: "0", count: 3 - digits.count) + digits
      }
      next += 1
    }
    return result + "'"
  }
}
