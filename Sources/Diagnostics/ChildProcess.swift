// Runs a program found on PATH, such as curl or gnuplot, and waits for it.
// Foundation's Process would pull in all of Foundation for two calls.

import Glibc

/// A program that has been started.
package struct ChildProcess: ~Copyable {
  private let process: pid_t

  /// Why a program cannot be started: the system's error number.
  package struct Refusal: Error {
    package let code: Int32
  }

  /// Starts `program` with files as its standard streams; nothing is read or kept without one.
  /// `environment` takes the place of this process's, in which the program is looked for.
  package init(
    _ program: String, arguments: [String] = [], input: TemporaryFile? = nil,
    output: TemporaryFile? = nil, errors: TemporaryFile? = nil,
    environment: [(String, String)]? = nil
  ) throws(Refusal) {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    for (target, file) in [input, output, errors].enumerated() {
      if let file {
        posix_spawn_file_actions_adddup2(&actions, file.descriptor, Int32(target))
      } else {
        let mode = target == 0 ? O_RDONLY : O_WRONLY
        posix_spawn_file_actions_addopen(&actions, Int32(target), "/dev/null", mode, 0)
      }
    }
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    Self.restoreSignals(&attributes)
    var words = ([program] + arguments).map { strdup($0) } + [nil]
    defer { for word in words { free(word) } }
    var variables = (environment ?? []).map { strdup("\($0)=\($1)") } + [nil]
    defer { for variable in variables { free(variable) } }
    var process = pid_t()
    let status = variables.withUnsafeMutableBufferPointer {
      posix_spawnp(
        &process, program, &actions, &attributes, &words,
        environment == nil ? environ : $0.baseAddress!)
    }
    guard status == 0 else { throw Refusal(code: status) }
    self.process = process
  }

  /// This process ignores some signals that end others.
  private static func restoreSignals(_ attributes: inout posix_spawnattr_t) {
    var signals = sigset_t()
    sigemptyset(&signals)
    for number in [SIGPIPE, SIGXFSZ] { sigaddset(&signals, number) }
    posix_spawnattr_setsigdefault(&attributes, &signals)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGDEF))
  }

  /// Waits for the end; the exit status is 128 and up for a signal, -1 where the system does not tell.
  package consuming func wait() -> Int32 { Self.wait(for: process, 0) {} }

  /// The same, calling `tick` every tenth of a second.
  package consuming func wait(tick: () -> Void) -> Int32 {
    Self.wait(for: process, WNOHANG) {
      tick()
      usleep(100_000)
    }
  }

  private static func wait(for process: pid_t, _ options: Int32, _ pause: () -> Void) -> Int32 {
    var status: Int32 = 0
    while true {
      let ended = waitpid(process, &status, options)
      if ended == process { break }
      if ended < 0, errno != EINTR { return -1 }
      if ended == 0 { pause() }
    }
    let signal = status & 0x7f
    return signal == 0 ? status >> 8 & 0xff : 128 + signal
  }
}
