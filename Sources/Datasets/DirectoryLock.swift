// Lets one process at a time fill a cache directory.
// Two runs that start together would write into each other's partial files.

import Diagnostics
import Glibc

/// An exclusive lock on a directory, which it creates if need be; waits for other holders.
struct DirectoryLock: ~Copyable {
  private let descriptor: Int32

  init(_ directory: String) throws(Failure) {
    Self.create(directory)
    descriptor = open("\(directory)/.lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else {
      throw Failure(.cannotCreate, "\(directory): \(systemReason())")
    }
    while flock(descriptor, LOCK_EX) != 0, errno == EINTR {}
  }

  /// Creates a directory and its parents; a failure shows when a file is opened in it.
  private static func create(_ directory: String) {
    var path = ""
    for part in directory.split(separator: "/") {
      path += (path.isEmpty && !directory.hasPrefix("/") ? "" : "/") + part
      mkdir(path, 0o755)
    }
  }

  consuming func release() {}

  deinit { if descriptor >= 0 { close(descriptor) } }
}
