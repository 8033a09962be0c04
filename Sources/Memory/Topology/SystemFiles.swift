// Reads the small files of /sys and /proc below a root.
// Tests put a tree of their own there; a missing file is an answer, not an error.

import PTrainCLibrary

/// A directory that stands for `/`.
struct SystemFiles {
  let root: String

  /// The text of a file, at most 64 KiB; nil if there is none.
  func text(_ path: String) -> String? {
    let descriptor = open("\(root)/\(path)", O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 4096)
    while bytes.count < 1 << 16 {
      let count = read(descriptor, &buffer, buffer.count)
      guard count > 0 else { break }
      bytes += buffer[..<count]
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// The first line of a file without surrounding blanks.
  func line(_ path: String) -> String? {
    guard let first = text(path)?.split(separator: "\n").first else { return nil }
    return first.split(separator: " ").joined(separator: " ")
  }

  func integer(_ path: String) -> Int? { line(path).flatMap { Int($0) } }

  func cpuList(_ path: String) -> CPUSet? { text(path).flatMap { CPUSet(list: $0) } }
}
