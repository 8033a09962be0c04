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

  /// Writes `bytes` beside `path`, whose name they get in `commit`.
  ///
  /// Throws a `Failure`: `cannotCreate` when `path` is a directory or its folder refuses,
  /// `inputOutput` when writing fails.
  func stage(_ path: String, bytes: [UInt8]) throws {
    var status = stat()
    if stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR {
      throw Failure(.cannotCreate, "\(path): cannot create it: it is a directory; name a file")
    }
    let staged = "\(path).\(getpid()).part"
    let file = open(staged, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0o666)
    guard file >= 0 else { throw creationFailure(path) }
    defer { close(file) }
    files.append((staged, path))
    try writeAll(file, bytes, path: path)
    guard fsync(file) == 0 else { throw Failure(.inputOutput, "\(path): \(systemReason())") }
  }

  /// Gives all staged files their names and returns those.
  func commit() throws -> [String] {
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
}
