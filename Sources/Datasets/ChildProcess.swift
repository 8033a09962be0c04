// Runs a program, such as curl, and watches it.
// Foundation's Process would pull in all of Foundation for one call.

import Diagnostics
import Glibc

/// A program started with its error output kept.
struct ChildProcess: ~Copyable {
  private let process: pid_t
  private let errors: Int32

  /// Starts `program`, found through PATH, without input and output.
  ///
  /// Throws `.missingInput` if it cannot be started.
  init(_ program: String, arguments: [String]) throws(Failure) {
    var pipeEnds: [Int32] = [0, 0]
    guard pipe(&pipeEnds) == 0 else {
      throw Failure(.inputOutput, "\(program): \(FileBytes.systemError())")
    }
    // Only the copy that becomes the program's error output may stay open in it.
    for end in pipeEnds { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    // Reading takes what is there: a program started meanwhile may hold the other end open.
    _ = fcntl(pipeEnds[0], F_SETFL, O_NONBLOCK)
    var process = pid_t()
    let status = Self.spawn(program, arguments, errors: pipeEnds[1], &process)
    close(pipeEnds[1])
    guard status == 0 else {
      close(pipeEnds[0])
      throw Failure(.missingInput, "\(program): \(FileBytes.systemError(status))")
    }
    self.process = process
    errors = pipeEnds[0]
  }

  private static func spawn(
    _ program: String, _ arguments: [String], errors: Int32, _ process: inout pid_t
  ) -> Int32 {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0)
    posix_spawn_file_actions_adddup2(&actions, errors, 2)
    var words = ([program] + arguments).map { strdup($0) } + [nil]
    defer { for word in words { free(word) } }
    return posix_spawnp(&process, program, &actions, nil, &words, environ)
  }

  /// Waits for the end, calling `tick` every tenth of a second.
  ///
  /// Returns the exit status (128 and up for a signal) and what was written to the error output,
  /// of which a pipe's capacity is kept.
  consuming func wait(tick: () -> Void) -> (status: Int32, errors: String) {
    var status: Int32 = 0
    while waitpid(process, &status, WNOHANG) == 0 {
      tick()
      usleep(100_000)
    }
    var buffer = [UInt8](repeating: 0, count: 4096)
    let count = max(read(errors, &buffer, buffer.count), 0)
    close(errors)
    let signal = status & 0x7f
    let text = String(decoding: buffer[..<count], as: UTF8.self)
    return (signal == 0 ? status >> 8 & 0xff : 128 + signal, text)
  }
}
