// Several output files that appear together or not at all.
// Each is written beside its destination and renamed when all of them are complete.
import Diagnostics
import Glibc

/// Files written under temporary names; dropped unless `commit` is reached.
final class StagedFiles {
  private var files: [(staged: String, destination: String)] = []

  deinit {
    for file in files { unlink(file.staged) }
  }

  /// Lets `write` fill an existing empty file whose name it gets; it becomes `path` in `commit`.
  ///
  /// Throws a `Failure` of kind `cannotCreate` when `path` is a directory or its folder refuses.
  func stage(_ path: String, write: (String) throws -> Void) throws {
    var status = stat()
    if stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR {
      throw Failure(.cannotCreate, "\(path): cannot create it: it is a directory; name a file")
    }
    let staged = "\(path).\(getpid()).part"
    let file = open(staged, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0o666)
    guard file >= 0 else { throw creationFailure(path) }
    close(file)
    files.append((staged, path))
    try write(staged)
  }

  func stage(_ path: String, bytes: [UInt8]) throws {
    try stage(path) { staged in
      let file = open(staged, O_WRONLY | O_CLOEXEC)
      guard file >= 0 else { throw creationFailure(path) }
      defer { close(file) }
      try writeAll(file, bytes, path: path)
    }
  }

  /// Makes all staged files durable, gives them their names and returns those.
  func commit() throws -> [String] {
    for file in files { try Self.synchronize(file.staged) }
    let destinations = files.map(\.destination)
    while let file = files.first {
      guard rename(file.staged, file.destination) == 0 else {
        throw creationFailure(file.destination)
      }
      syncDirectory(of: file.destination)
      files.removeFirst()
    }
    return destinations
  }

  private static func synchronize(_ path: String) throws {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { throw Failure(.inputOutput, "\(path): \(systemReason())") }
    defer { close(file) }
    guard fsync(file) == 0 else { throw Failure(.inputOutput, "\(path): \(systemReason())") }
  }
}
