// Files and directories as the rest of ptrain uses them: bounded reads, writes to the last byte, and
// failures that say whose fault they are. How a file comes to its name is in StagedFile.

import PTrainCLibrary

/// The reason of the last failed system call.
package func systemReason(_ code: Int32 = errno) -> String { String(cString: strerror(code)) }

/// Whether anything bears this name.
package func fileExists(_ path: String) -> Bool { access(path, F_OK) == 0 }

/// Reads a regular file of at most `limit` bytes.
///
/// Throws `missingInput` when it cannot be opened or is no file, `badData` when it is larger,
/// `inputOutput` when reading fails.
package func readFile(_ path: String, limit: Int) throws(Failure) -> [UInt8] {
  try readFile(BytePath(path), limit: limit, name: path)
}

/// The same of a path that may be no text.
package func readFile(_ path: BytePath, limit: Int) throws(Failure) -> [UInt8] {
  try readFile(path, limit: limit, name: path.text)
}

/// The first bytes of a regular file, at most `count`; throws as `readFile` does.
package func readStart(_ path: BytePath, count: Int) throws(Failure) -> [UInt8] {
  let (descriptor, byteCount) = try openRegularFile(path, name: path.text)
  defer { close(descriptor) }
  return try readAll(descriptor, byteCount: min(byteCount, count), path: path.text)
}

/// `name` is asked where something is to be said: many small files are read.
private func readFile(
  _ path: BytePath, limit: Int, name: @autoclosure () -> String
) throws(Failure) -> [UInt8] {
  let (descriptor, byteCount) = try openRegularFile(path, name: name())
  defer { close(descriptor) }
  guard byteCount <= limit else {
    throw Failure(.badData, "\(name()): \(byteCount) bytes, expected at most \(limit)")
  }
  return try readAll(descriptor, byteCount: byteCount, path: name())
}

private func openRegularFile(
  _ path: BytePath, name: @autoclosure () -> String
) throws(Failure) -> (descriptor: Int32, byteCount: Int) {
  // Not blocking: opening a pipe would wait for a writer.
  let descriptor = path.withCString { open($0, O_RDONLY | O_CLOEXEC | O_NONBLOCK) }
  guard descriptor >= 0 else {
    let reason = systemReason()
    throw Failure(.missingInput, "\(name()): \(reason)")
  }
  var status = stat()
  guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
    close(descriptor)
    throw Failure(.missingInput, "\(name()): expected a file, found something else")
  }
  return (descriptor, Int(status.st_size))
}

private func readAll(
  _ descriptor: Int32, byteCount: Int, path: @autoclosure () -> String
) throws(Failure) -> [UInt8] {
  // The standard library would write to the empty array that all threads share.
  guard byteCount > 0 else { return [] }
  var error: Int32 = 0
  let bytes = [UInt8](unsafeUninitializedCapacity: byteCount) { buffer, done in
    while done < byteCount, error == 0 {
      let count = read(descriptor, buffer.baseAddress! + done, byteCount - done)
      if count > 0 { done += count } else if count == 0 { break }
      if count < 0, errno != EINTR { error = errno }
    }
  }
  guard error == 0, bytes.count == byteCount else {
    let reason = error == 0 ? "it became shorter while it was read" : systemReason(error)
    throw Failure(.inputOutput, "\(path()): \(reason)")
  }
  return bytes
}

/// Writes all of `bytes` to an open file.
package func writeAll(
  _ descriptor: Int32, _ bytes: [UInt8], path: String
) throws(Failure) {
  try bytes.withUnsafeBufferPointer { bytes throws(Failure) in
    try writeAll(descriptor, UnsafeRawBufferPointer(bytes), path: path)
  }
}

/// The same of bytes that lie somewhere.
package func writeAll(
  _ descriptor: Int32, _ bytes: UnsafeRawBufferPointer, path: String
) throws(Failure) {
  let code = writeAll(descriptor, bytes)
  guard code == 0 else { throw Failure(.inputOutput, "\(path): \(systemReason(code))") }
}

/// The same, returning the system's error number, or 0; waits where another process has made a shared
/// stream one that does not.
package func writeAll(_ descriptor: Int32, _ bytes: [UInt8]) -> Int32 {
  bytes.withUnsafeBytes { writeAll(descriptor, $0) }
}

private func writeAll(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) -> Int32 {
  var done = 0
  while done < bytes.count {
    let count = write(descriptor, bytes.baseAddress! + done, bytes.count - done)
    if count > 0 {
      done += count
    } else if errno == EAGAIN {
      var room = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
      poll(&room, 1, -1)
    } else if errno != EINTR {
      return errno
    }
  }
  return 0
}

/// A full disk is an I/O error; anything else that refuses a new file is the place's fault.
package func creationFailure(_ path: String) -> Failure {
  let code = errno
  let isBroken = [ENOSPC, EDQUOT, EIO].contains(code)
  let reason = systemReason(code)
  return Failure(isBroken ? .inputOutput : .cannotCreate, "\(path): cannot create it: \(reason)")
}

/// The directory that a path's last name stands in.
package func parentDirectory(_ path: String) -> String {
  guard let slash = path.lastIndex(of: "/") else { return "." }
  return slash == path.startIndex ? "/" : String(path[..<slash])
}

/// Names of what lies in a directory; none where it cannot be read.
package func fileNames(_ directory: String) -> [String] {
  guard let stream = opendir(directory) else { return [] }
  defer { closedir(stream) }
  var names: [String] = []
  while let entry = readdir(stream) {
    let name = withUnsafeBytes(of: &entry.pointee.d_name) {
      String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
    }
    if name != "." && name != ".." { names.append(name) }
  }
  return names
}

/// Makes a rename in the directory of `path` last; some file systems cannot, which is no error.
package func syncDirectory(of path: String) {
  let descriptor = open(parentDirectory(path), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
  guard descriptor >= 0 else { return }
  fsync(descriptor)
  close(descriptor)
}

/// Creates a directory and those above it; one that is there already is fine.
package func makeDirectory(_ path: String) throws(Failure) {
  var status = stat()
  if stat(path, &status) == 0 {
    guard status.st_mode & S_IFMT == S_IFDIR else {
      throw Failure(.cannotCreate, "\(path): expected a directory, found a file")
    }
    return
  }
  if let slash = path.lastIndex(of: "/"), slash != path.startIndex {
    try makeDirectory(String(path[..<slash]))
  }
  guard mkdir(path, 0o755) == 0 || errno == EEXIST else { throw creationFailure(path) }
}
