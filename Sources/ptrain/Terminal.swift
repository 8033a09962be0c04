// Standard output and standard error: what they are connected to, and writing to them at once.

import FoundationEssentials
import Glibc
import PTrainArtifacts
import PTrainDiagnostics

enum Terminal {
  /// Called before anything is opened: a standard stream that the caller has closed is nobody's, not
  /// the next file's, and neither a reader who goes away nor a file's greatest size ends the process.
  static func prepare() {
    for stream in STDIN_FILENO...STDERR_FILENO where fcntl(stream, F_GETFD) < 0 {
      // Gets the lowest number that is free: this one.
      guard open("/dev/null", stream == STDIN_FILENO ? O_RDONLY : O_WRONLY) == stream else {
        _exit(Failure.Kind.inputOutput.exitCode)
      }
    }
    for number in [SIGPIPE, SIGXFSZ] { signal(number, SIG_IGN) }
  }

  /// Results of rank 0 go here; a full disk behind a redirection is an error, a reader who went away is
  /// none.
  static func writeResult(_ text: String) throws {
    guard Job.isLeader else { return }
    let code = writeAll(STDOUT_FILENO, Array(text.utf8))
    guard code == 0 || isReaderGone(STDOUT_FILENO, code) else {
      throw Failure(.inputOutput, "standard output: \(systemReason(code))")
    }
  }

  /// Whether writing failed because a pipe's other end or a terminal is closed.
  private static func isReaderGone(_ descriptor: Int32, _ code: Int32) -> Bool {
    var status = stat()
    fstat(descriptor, &status)
    return code == EPIPE || code == EIO && status.st_mode & S_IFMT == S_IFCHR
  }

  /// Whether a line that is drawn over itself waits for its end.
  nonisolated(unsafe) private static var hasOpenLine = false

  /// Draws over the line that was drawn before; whatever is written next ends it. From one thread.
  static func redraw(_ line: String) {
    _ = writeAll(STDERR_FILENO, Array("\r\(line)  ".utf8))
    hasOpenLine = true
  }

  /// Bars and remarks go here; nobody reading them is no error.
  static func writeRemark(_ text: String) throws {
    _ = writeAll(STDERR_FILENO, Array(((hasOpenLine ? "\n" : "") + text).utf8))
    hasOpenLine = false
  }

  /// A line that explains what is going on, from rank 0.
  static func remark(_ line: String) {
    guard Job.isLeader else { return }
    try? writeRemark(line + "\n")
  }

  /// Whether a bar can be drawn over itself on standard error.
  static var drawsBars: Bool {
    isatty(STDERR_FILENO) == 1 && ProcessInfo.processInfo.environment["TERM"] != "dumb"
  }

  static var columnCount: Int? {
    var size = winsize()
    guard ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
    return Int(size.ws_col)
  }

  /// The program as commands for later name it: by its path where it was called by one.
  static var program: String {
    let name = CommandLine.arguments.first ?? "ptrain"
    return name.contains("/") ? absolutePath(name) : name
  }

  /// A path from anywhere, as far as it is there.
  static func absolutePath(_ path: String) -> String {
    guard let resolved = realpath(path, nil) else { return path }
    defer { free(resolved) }
    // A directory above may have a name that no file of ours can hold.
    return String(validatingCString: resolved) ?? path
  }

  /// Seconds of a clock that is never set.
  static func now() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }
}
