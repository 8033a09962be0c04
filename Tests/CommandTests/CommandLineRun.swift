// Runs the ptrain binary as a user would and keeps what came out.

import Foundation

/// One finished run of the binary.
struct CommandLineRun {
  let exitCode: Int32
  let output: String
  let errors: String

  /// `PTRAIN_BINARY`, else the one that was built along with the tests.
  static let binary: String = {
    if let path = ProcessInfo.processInfo.environment["PTRAIN_BINARY"] { return path }
    let tests = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
    return tests.deletingLastPathComponent().appendingPathComponent("ptrain").path
  }()

  /// Runs `ptrain arguments` in `directory` with the variables of `environment` added.
  init(
    _ arguments: [String], in directory: Scratch, environment: [String: String] = [:],
    launcher: [String] = []
  ) throws {
    self.init(
      try Self.start(arguments, in: directory, environment: environment, launcher: launcher))
  }

  /// Waits for a run's end.
  init(_ started: StartedRun) {
    output = String(
      decoding: (try? started.output.fileHandleForReading.readToEnd()) ?? Data(), as: UTF8.self)
    (exitCode, errors) = started.finish()
  }

  /// Starts `ptrain arguments`, through the words of `launcher` if there are any; no data is found by
  /// itself: neither `PTRAIN_DATA` nor the instruction set is passed on.
  static func start(
    _ arguments: [String], in directory: Scratch, environment: [String: String] = [:],
    launcher: [String] = [], binary: String = binary
  ) throws -> StartedRun {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: launcher.isEmpty ? binary : "/usr/bin/env")
    process.arguments = launcher.isEmpty ? arguments : launcher + [binary] + arguments
    process.currentDirectoryURL = directory.url
    var variables = ProcessInfo.processInfo.environment
    for name in ["PTRAIN_DATA", "PTRAIN_ISA"] { variables[name] = nil }
    variables["COLUMNS"] = "80"
    process.environment = variables.merging(environment) { $1 }
    let started = StartedRun(process: process)
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = started.output
    process.standardError = started.errors
    // Dispatch blocks signals on its threads, and a child inherits that. ptrain undoes it, mpirun not.
    var (all, before) = (sigset_t(), sigset_t())
    sigfillset(&all)
    pthread_sigmask(launcher.isEmpty ? SIG_BLOCK : SIG_UNBLOCK, &all, &before)
    defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
    try process.run()
    return started
  }
}

extension CommandLineRun {
  /// Runs a shell script in `directory`; `$PTRAIN` is the binary.
  init(script: String, in directory: Scratch) throws {
    self.init(
      try Self.start(
        ["-c", script], in: directory, environment: ["PTRAIN": Self.binary], binary: "/bin/sh"))
  }
}

/// A run of the binary that may still be going on.
struct StartedRun {
  let process: Process
  let output = Pipe()
  let errors = Pipe()

  var isRunning: Bool { process.isRunning }
  var processIdentifier: Int32 { process.processIdentifier }

  /// Waits for the end. A signal's number is told as a shell does, so that no crash looks like an
  /// exit code.
  func finish() -> (exitCode: Int32, errors: String) {
    let remarked = (try? errors.fileHandleForReading.readToEnd()) ?? Data()
    process.waitUntilExit()
    let status = process.terminationStatus
    return (
      process.terminationReason == .exit ? status : 128 + status,
      String(decoding: remarked, as: UTF8.self)
    )
  }
}

/// A directory of its own for one test, removed afterwards.
final class Scratch {
  let url: URL

  init() throws {
    url = FileManager.default.temporaryDirectory.appendingPathComponent(
      "ptrain-test-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: url) }

  /// What lies in the directory, or in one below it, sorted.
  func names(_ path: String = "") throws -> [String] {
    try FileManager.default.contentsOfDirectory(
      atPath: url.appendingPathComponent(path).path
    ).sorted()
  }

  func write(_ bytes: [UInt8], to path: String) throws {
    try Data(bytes).write(to: url.appendingPathComponent(path))
  }

  func text(of path: String) throws -> String {
    String(decoding: try Data(contentsOf: url.appendingPathComponent(path)), as: UTF8.self)
  }
}
