// Runs a program found on PATH, such as curl or gnuplot, and waits for it.
// Foundation's Process would pull in all of Foundation for two calls.

import CPTrainShims
import PTrainCLibrary

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
    let streams = [input, output, errors].map { $0?.descriptor ?? -1 }
    var words = ([program] + arguments).map { strdup($0) } + [nil]
    defer { for word in words { free(word) } }
    var variables = (environment ?? []).map { strdup("\($0)=\($1)") } + [nil]
    defer { for variable in variables { free(variable) } }
    var process = pid_t()
    let status = variables.withUnsafeMutableBufferPointer {
      ptrain_spawn(
        &process, program, &words, environment == nil ? nil : $0.baseAddress!, streams)
    }
    guard status == 0 else { throw Refusal(code: status) }
    self.process = process
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
