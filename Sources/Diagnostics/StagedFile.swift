// The one way in which a file comes to its name: written beside it, synced, renamed, directory synced.
// A crash or a full disk leaves the old file or the new one, never half of either.

import PTrainCLibrary
import Synchronization

private let count = Atomic<Int>(0)

/// A file that is complete and has no name yet; gone unless it gets one.
///
/// A link's target is what is replaced, and the new file has the old one's mode and, where the system
/// lets it, owner. Whatever is no regular file is refused.
package final class StagedFile {
  private static let prefix = ".ptrain-"
  private static let suffix = ".partial"

  private let path: String
  private let target: String
  private let staged: String
  private var isCommitted = false

  /// Writes `bytes` beside `path`.
  ///
  /// Throws `cannotCreate` where something else than a file bears that name or the directory refuses
  /// one, `inputOutput` when writing fails; what stands at `path` still does.
  package convenience init(_ path: String, _ bytes: [UInt8]) throws(Failure) {
    try self.init(path) { descriptor throws(Failure) in
      try writeAll(descriptor, bytes, path: path)
    }
  }

  /// The same of what `write` writes to the open file; one that its reader can tell from a damaged one
  /// need not be synced.
  package init(
    _ path: String, isSynced: Bool = true, write: (Int32) throws(Failure) -> Void
  ) throws(Failure) {
    let target = try linkTarget(path)
    var old = stat()
    let isThere = stat(target, &old) == 0
    guard !isThere || old.st_mode & S_IFMT == S_IFREG else {
      let kind = old.st_mode & S_IFMT == S_IFDIR ? "a directory" : "no regular file"
      throw Failure(.cannotCreate, "\(path): cannot create it: it is \(kind); name a file")
    }
    let mode = isThere ? old.st_mode & 0o700 : 0o666
    var (staged, descriptor) = ("", Int32(-1))
    repeat {
      // Short, whatever the name's length, and no other process's or thread's.
      let number = count.add(1, ordering: .relaxed).newValue
      staged = "\(parentDirectory(target))/\(Self.prefix)\(getpid())-\(number)\(Self.suffix)"
      descriptor = open(staged, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode)
    } while descriptor < 0 && errno == EEXIST
    guard descriptor >= 0 else { throw creationFailure(path) }
    (self.path, self.target, self.staged) = (path, target, staged)
    defer { close(descriptor) }
    try write(descriptor)
    if isThere { Self.makeLike(old, descriptor) }
    guard !isSynced || fsync(descriptor) == 0 else {
      throw Failure(.inputOutput, "\(path): \(systemReason())")
    }
  }

  deinit {
    if !isCommitted { unlink(staged) }
  }

  /// Gives the file its name.
  package func commit() throws(Failure) {
    guard rename(staged, target) == 0 else { throw creationFailure(path) }
    isCommitted = true
    syncDirectory(of: target)
  }

  /// Removes what processes that were killed left in a directory which nobody else uses now.
  package static func removeLeftOvers(in directory: String) {
    for name in fileNames(directory) where name.hasPrefix(prefix) && name.hasSuffix(suffix) {
      unlink("\(directory)/\(name)")
    }
  }

  /// Owner first: a change of it takes bits away from the mode. Only root gives a file away; others may
  /// give it to a group of theirs.
  private static func makeLike(_ old: stat, _ descriptor: Int32) {
    if fchown(descriptor, old.st_uid, old.st_gid) != 0 {
      _ = fchown(descriptor, uid_t.max, old.st_gid)
    }
    fchmod(descriptor, old.st_mode & 0o7777)
  }
}

/// Replaces the file at `path` by `bytes`; throws as `StagedFile` does.
package func writeFile(_ path: String, _ bytes: [UInt8]) throws(Failure) {
  try StagedFile(path, bytes).commit()
}

/// Gives a file that another program has written its last name, once it is safe on disk.
package func moveIntoPlace(_ path: String, _ target: String) throws(Failure) {
  let descriptor = open(path, O_RDONLY | O_CLOEXEC)
  let isSynced = descriptor >= 0 && fsync(descriptor) == 0
  let code = errno
  if descriptor >= 0 { close(descriptor) }
  guard isSynced else { throw Failure(.inputOutput, "\(path): \(systemReason(code))") }
  guard rename(path, target) == 0 else {
    throw Failure(.inputOutput, "\(target): \(systemReason())")
  }
  syncDirectory(of: target)
}

/// What a path leads to after all links, whether it is there or not.
private func linkTarget(_ path: String) throws(Failure) -> String {
  var target = path
  var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
  for _ in 0..<40 {
    let count = readlink(target, &buffer, buffer.count)
    guard count >= 0 else { return target }
    let bytes = buffer[..<count].map(UInt8.init(bitPattern:))
    guard let link = String(validating: bytes, as: UTF8.self) else {
      throw Failure(
        .cannotCreate, "\(path): cannot create it: it leads to a name that is not UTF-8")
    }
    target = link.hasPrefix("/") ? link : "\(parentDirectory(target))/\(link)"
  }
  errno = ELOOP
  throw creationFailure(path)
}
