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
  ///
  /// No data is found by itself: neither `PTRAIN_DATA` nor the instruction set is passed on.
  init(_ arguments: [String], in directory: Scratch, environment: [String: String] = [:]) throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: Self.binary)
    process.arguments = arguments
    process.currentDirectoryURL = directory.url
    var variables = ProcessInfo.processInfo.environment
    for name in ["PTRAIN_DATA", "PTRAIN_ISA"] { variables[name] = nil }
    variables["COLUMNS"] = "80"
    process.environment = variables.merging(environment) { $1 }
    let (output, errors) = (Pipe(), Pipe())
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = output
    process.standardError = errors
    try process.run()
    let written = try output.fileHandleForReading.readToEnd() ?? Data()
    let remarked = try errors.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    // A signal's number is told as a shell does, so that no crash looks like an exit code.
    exitCode =
      process.terminationReason == .exit
      ? process.terminationStatus : 128 + process.terminationStatus
    self.output = String(decoding: written, as: UTF8.self)
    self.errors = String(decoding: remarked, as: UTF8.self)
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
