// Reads a whole file with the errors that a user can act on.
// Devices, pipes and files beyond a limit are refused before a byte is read.

import Diagnostics
import Glibc

enum FileBytes {
  /// All bytes of the regular file at `path`.
  ///
  /// Throws `.missingInput` if it cannot be opened, `.badData` if it is no file or larger than
  /// `limit`, `.inputOutput` if reading fails.
  static func read(_ path: String, limit: Int = IDX.byteLimit) throws(Failure) -> [UInt8] {
    // Not blocking: opening a pipe would wait for a writer.
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw Failure(.missingInput, "\(path): \(systemError())") }
    defer { close(descriptor) }
    let size = try regularSize(descriptor, path)
    guard size <= limit else {
      throw Failure(.badData, "\(path): \(size) bytes are too many; at most \(limit) are read")
    }
    return try read(size, from: descriptor, path)
  }

  private static func regularSize(_ descriptor: Int32, _ path: String) throws(Failure) -> Int {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else {
      throw Failure(.inputOutput, "\(path): \(systemError())")
    }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw Failure(.badData, "\(path): not a regular file")
    }
    return Int(status.st_size)
  }

  private static func read(
    _ size: Int, from descriptor: Int32, _ path: String
  ) throws(Failure) -> [UInt8] {
    var error: Int32 = 0
    let bytes = [UInt8](unsafeUninitializedCapacity: size) { buffer, filled in
      while filled < size, error == 0 {
        let count = Glibc.read(descriptor, buffer.baseAddress! + filled, size - filled)
        if count > 0 { filled += count } else if count == 0 { break }
        if count < 0, errno != EINTR { error = errno }
      }
    }
    guard error == 0 else { throw Failure(.inputOutput, "\(path): \(systemError(error))") }
    guard bytes.count == size else {
      throw Failure(.inputOutput, "\(path): the file shrank while it was read")
    }
    return bytes
  }

  static func systemError(_ code: Int32 = errno) -> String { String(cString: strerror(code)) }
}
