// Gives a directory to one process at a time: a cache that is being filled, a run that is going on.
// Two that write there at once would lose each other's files.

import PTrainCLibrary

/// An exclusive lock on a directory, held as long as the object lives, or the process.
///
/// It is a lock on the file `.lock` in the directory, which names the holder and goes with it; one that
/// a killed process left is nobody's. File systems without locks give none, and no error.
package final class DirectoryLock {
  /// What somebody does who finds the directory taken.
  package enum Patience { case waits, refuses }

  private let path: String
  private let descriptor: Int32

  /// Locks a directory that is there.
  ///
  /// Throws `cannotCreate`, naming the holder's process, where another has it and `patience` is
  /// `refuses`; `cannotCreate` or `inputOutput` where no file can be created there.
  package init(_ directory: String, _ patience: Patience) throws(Failure) {
    let path = "\(directory)/.lock"
    self.path = path
    while true {
      let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o644)
      guard descriptor >= 0 else { throw creationFailure(path) }
      guard Self.lock(descriptor, patience) else {
        let holder = Self.text(in: descriptor)
        close(descriptor)
        throw Failure(
          .cannotCreate,
          "\(directory): \(holder.isEmpty ? "another process" : "process \(holder)") is working in "
            + "it; wait for its end, or choose another directory")
      }
      // A holder that went away meanwhile has taken this file with it.
      if Self.bears(path, descriptor) {
        self.descriptor = descriptor
        break
      }
      close(descriptor)
    }
    ftruncate(descriptor, 0)
    _ = writeAll(descriptor, Array("\(getpid())".utf8))
  }

  deinit {
    unlink(path)
    close(descriptor)
  }

  /// False where another process has it.
  private static func lock(_ descriptor: Int32, _ patience: Patience) -> Bool {
    while flock(descriptor, patience == .waits ? LOCK_EX : LOCK_EX | LOCK_NB) != 0 {
      if errno == EWOULDBLOCK { return false }
      if errno != EINTR { return true }
    }
    return true
  }

  private static func bears(_ path: String, _ descriptor: Int32) -> Bool {
    var (named, opened) = (stat(), stat())
    return lstat(path, &named) == 0 && fstat(descriptor, &opened) == 0
      && named.st_ino == opened.st_ino && named.st_dev == opened.st_dev
  }

  private static func text(in descriptor: Int32) -> String {
    var bytes = [UInt8](repeating: 0, count: 20)
    let count = pread(descriptor, &bytes, bytes.count, 0)
    return String(decoding: bytes.prefix(max(count, 0)), as: UTF8.self)
  }
}
