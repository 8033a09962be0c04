// A file without a name, for a library or a program that can only read and write files.
// It vanishes when it is closed or the process ends, whatever happens in between.

import PTrainCLibrary

/// An anonymous file in `$TMPDIR`, else `/tmp`; open for reading and writing.
package final class TemporaryFile {
  package let descriptor: Int32

  /// Throws a `Failure` of kind `inputOutput` when there is no place for one.
  package init() throws(Failure) {
    let named = getenv("TMPDIR").map { String(cString: $0) } ?? ""
    let directory = named.isEmpty ? "/tmp" : named
    var path = Array("\(directory)/ptrain-XXXXXX".utf8CString)
    descriptor = mkstemp(&path)
    guard descriptor >= 0 else {
      throw Failure(
        .inputOutput,
        "cannot create a temporary file in \(directory): \(systemReason()); TMPDIR names another "
          + "directory for it")
    }
    unlink(path)
    _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
  }

  deinit { close(descriptor) }

  /// A path by which this process can open the file once more.
  package var path: String {
    #if Portable
      "/dev/fd/\(descriptor)"
    #else
      "/proc/self/fd/\(descriptor)"
    #endif
  }

  /// Replaces what is in the file and goes back to its start.
  package func write(_ text: String) throws(Failure) {
    try writeAll(descriptor, Array(text.utf8), path: "a temporary file")
    lseek(descriptor, 0, SEEK_SET)
  }

  /// Everything in the file.
  package func contents() throws(Failure) -> [UInt8] {
    lseek(descriptor, 0, SEEK_SET)
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = read(descriptor, &chunk, chunk.count)
      if count < 0 && errno == EINTR { continue }
      guard count >= 0 else {
        throw Failure(.inputOutput, "cannot read a temporary file: \(systemReason())")
      }
      if count == 0 { return bytes }
      bytes.append(contentsOf: chunk[..<count])
    }
  }
}
