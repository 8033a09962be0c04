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
      throw Failure(.cannotCreate, "cannot create \(path): it is a directory; name a file")
    }
    let staged = "\(path).\(getpid()).part"
    let file = open(staged, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0o666)
    guard file >= 0 else { throw Self.failure(.cannotCreate, "cannot create \(path)") }
    close(file)
    files.append((staged, path))
    try write(staged)
  }

  func stage(_ path: String, bytes: some Collection<UInt8>) throws {
    try stage(path) { staged in
      guard let file = fopen(staged, "w") else {
        throw Self.failure(.cannotCreate, "cannot create \(path)")
      }
      let contents = Array(bytes)
      let written = fwrite(contents, 1, contents.count, file)
      guard fclose(file) == 0, written == contents.count else {
        throw Self.failure(.inputOutput, "writing \(path) failed")
      }
    }
  }

  /// Makes all staged files durable, gives them their names and returns those.
  func commit() throws -> [String] {
    for file in files { try Self.synchronize(file.staged) }
    let destinations = files.map(\.destination)
    while let file = files.first {
      guard rename(file.staged, file.destination) == 0 else {
        throw Self.failure(.cannotCreate, "cannot create \(file.destination)")
      }
      files.removeFirst()
    }
    return destinations
  }

  private static func synchronize(_ path: String) throws {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { throw failure(.inputOutput, "reading back \(path) failed") }
    defer { close(file) }
    guard fsync(file) == 0 else { throw failure(.inputOutput, "writing \(path) failed") }
  }

  /// Creates `path` and the folders above it where they are missing.
  static func createDirectory(_ path: String) throws {
    var prefix = path.hasPrefix("/") ? "/" : ""
    for part in path.split(separator: "/") {
      prefix += part + "/"
      guard mkdir(prefix, 0o777) == 0 || errno == EEXIST else {
        throw failure(.cannotCreate, "cannot create the directory \(path)")
      }
    }
    var status = stat()
    guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else {
      throw Failure(.cannotCreate, "cannot create the directory \(path): a file has that name")
    }
  }

  private static func failure(_ kind: Failure.Kind, _ what: String) -> Failure {
    Failure(kind, "\(what): \(String(cString: strerror(errno)))")
  }
}
