// Lines that are drawn over themselves on a terminal: the bar as wide as the terminal is now, a download's
// progress ended before anything else. A program in curl's place delivers slowly, or nothing.

import Foundation
import Testing

@Suite struct ProgressLineTests {
  let scratch: Scratch

  init() throws { scratch = try Scratch() }

  /// What a terminal shows of a shell's `commands`; `$PTRAIN` is the binary.
  private func screen(_ commands: String, environment: [String: String] = [:]) throws -> String {
    let variables = ["PTRAIN": CommandLineRun.binary, "TERM": "xterm"]
    let started = try CommandLineRun.start(
      ["-qec", commands, "/dev/null"], in: scratch,
      environment: variables.merging(environment) { $1 }, launcher: ["env"], binary: "script")
    return CommandLineRun(started).output.replacing("\r\n", with: "\n")
  }

  /// The same of `ptrain arguments` without data; `curl` is the script that downloads.
  private func screen(_ arguments: String, curl: String) throws -> String {
    let programs = scratch.url.appendingPathComponent("bin")
    try FileManager.default.createDirectory(at: programs, withIntermediateDirectories: true)
    try scratch.write(Array("#!/bin/sh\n\(curl)\n".utf8), to: "bin/curl")
    try FileManager.default.setAttributes(
      [.posixPermissions: 0o755], ofItemAtPath: programs.appendingPathComponent("curl").path)
    let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
    return try screen(
      "\"$PTRAIN\" \(arguments)",
      environment: [
        "HOME": scratch.url.path, "XDG_CACHE_HOME": scratch.url.path,
        "PATH": programs.path + ":" + path,
      ])
  }

  /// From 120 columns to 40 while epochs of a few milliseconds follow each other.
  @Test func theBarFollowsTheTerminal() throws {
    try SampleData().write(to: scratch)
    let shown = try screen(
      """
      stty cols 120
      "$PTRAIN" --model tiny --data data --epochs 100000 --output run &
      until grep -qs '"epoch":3,' run/metrics.jsonl || ! kill -0 $!; do sleep 0.02; done
      stty cols 40
      sleep 0.5
      kill -INT $!
      wait $!
      """)
    let widths = shown.split(separator: "\n").flatMap { $0.split(separator: "\r") }
      .filter { $0.hasPrefix("loss=") }.map(\.count)
    try #require(widths.count > 4, "\(shown)")
    #expect(widths[0] > 60)
    #expect(widths.last == 39)
  }

  /// Progress stands alone on its line, whatever follows it.
  private func expectLinesOfTheirOwn(_ screen: String) {
    let lines = screen.split(separator: "\n")
    #expect(lines.contains { $0.contains(" kB") }, "\(screen)")
    for line in lines where line.contains(" kB") {
      #expect(
        line.split(separator: "\r").allSatisfy { drawn in
          drawn.contains("-ubyte.gz: ") && drawn.hasSuffix(" kB  ")
        }, "\(line)")
    }
  }

  /// No mirror delivers; what comes then depends on whether Fashion-MNIST is installed.
  @Test func aFailureHasALineOfItsOwn() throws {
    let shown = try screen(
      "--model tiny --epochs 1 --limit-train 16 --limit-test 8", curl: "sleep 0.35; exit 7")
    #expect(shown.contains("\nMirror failed: "), "\(shown)")
    expectLinesOfTheirOwn(shown)
  }

  private static let mnist = ProcessInfo.processInfo.environment["PTRAIN_DATA"]
  private static let labels = mnist.flatMap { directory in
    ["t10k-labels-idx1-ubyte.gz", "t10k-labels-idx1-ubyte"].map { "\(directory)/\($0)" }.first {
      FileManager.default.fileExists(atPath: $0)
    }
  }

  /// The last file comes, and then another one turns out to be none: the last line of all.
  @Test(.enabled(if: labels != nil, "PTRAIN_DATA names no MNIST directory"))
  func theLastLineHasALineOfItsOwn() throws {
    let source = URL(fileURLWithPath: try #require(Self.labels)).path
    try FileManager.default.createDirectory(
      at: scratch.url.appendingPathComponent("ptrain/mnist"), withIntermediateDirectories: true)
    for name in SampleData.names.dropLast() {
      try scratch.write(Array("no images".utf8), to: "ptrain/mnist/\(name).gz")
    }
    // The second-last argument is the file's name.
    let curl = """
      sleep 0.35
      while [ $# -gt 2 ]; do shift; done
      exec cp '\(source)' "$1"
      """
    let shown = try screen("--model tiny --epochs 1", curl: curl)
    #expect(shown.contains("neither IDX nor gzip"), "\(shown)")
    expectLinesOfTheirOwn(shown)
  }
}
