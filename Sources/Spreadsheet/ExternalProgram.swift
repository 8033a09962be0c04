// Runs a program found on PATH with text in and bytes out.
// Anonymous temporary files instead of pipes: no deadlock, no broken pipe, nothing left behind.
import Diagnostics
import Glibc

/// A program that another package installs.
struct ExternalProgram {
  let name: String
  let debianPackage: String

  /// Standard output of the program fed with `input`.
  ///
  /// Throws a `Failure` of kind `cannotCreate` that begins with "cannot `purpose`" when the program
  /// is not installed or ends with an error.
  func run(input: String, purpose: String) throws -> [UInt8] {
    let streams = try (0..<3).map { _ in try TemporaryFile() }
    try streams[0].write(input)
    let status = try wait(for: spawn(streams, purpose: purpose))
    guard status == 0 else {
      let messages = String(decoding: try streams[2].contents(), as: UTF8.self)
      let reason = messages.split(separator: "\n").last { !$0.allSatisfy(\.isWhitespace) }
      throw Failure(.cannotCreate, "cannot \(purpose): \(name): \(reason ?? "status \(status)")")
    }
    return try streams[1].contents()
  }

  /// Starts the program with `streams` as its standard input, output and error.
  private func spawn(_ streams: [TemporaryFile], purpose: String) throws -> pid_t {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    for (target, stream) in streams.enumerated() {
      posix_spawn_file_actions_adddup2(&actions, stream.descriptor, Int32(target))
    }
    let argument = strdup(name)
    defer { free(argument) }
    var process = pid_t()
    let status = posix_spawnp(&process, name, &actions, nil, [argument, nil], environ)
    guard status == 0 else {
      let advice = "apt-get install \(debianPackage)"
      throw Failure(
        .cannotCreate,
        status == ENOENT
          ? "cannot \(purpose): \(name) is not installed; on Debian and Ubuntu: \(advice)"
          : "cannot \(purpose): \(name): \(systemReason(status))")
    }
    return process
  }

  /// The exit status, or -1 when a signal ended the program.
  private func wait(for process: pid_t) throws -> Int32 {
    var status: Int32 = 0
    while waitpid(process, &status, 0) < 0 {
      guard errno == EINTR else {
        throw Failure(.fault, "waiting for \(name): \(systemReason())")
      }
    }
    return status & 0x7f == 0 ? (status >> 8) & 0xff : -1
  }
}
