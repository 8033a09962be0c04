// Several processes at once: each has its directory, and nobody gets into another's.

import Foundation
import Testing

@Suite struct RunOwnerTests {
  let scratch: Scratch
  let arguments = ["--model", "tiny", "--data", "data", "--epochs", "3"]

  init() throws {
    scratch = try Scratch()
    try SampleData().write(to: scratch)
  }

  @Test func startsOfOneSecondHaveDirectoriesOfTheirOwn() throws {
    let started = try (0..<12).map { _ in try CommandLineRun.start(arguments, in: scratch) }
    for run in started { #expect(run.finish().exitCode == 0) }
    let names = try scratch.names("runs")
    #expect(names.count == 12)
    for name in names {
      #expect(
        try scratch.names("runs/\(name)") == SampleData.runFiles)
      let lines = try scratch.text(of: "runs/\(name)/metrics.jsonl").split(separator: "\n")
      #expect(lines.count == 5)
    }
  }

  /// Without those of files that a live run is writing just then.
  private func lastingNames(_ path: String) throws -> [String] {
    try scratch.names(path).filter { !$0.hasSuffix(".partial") }
  }

  @Test func aLiveRunIsNobodyElses() throws {
    let live = try CommandLineRun.start(
      ["--model", "tiny", "--data", "data", "--epochs", "100000", "--output", "run"], in: scratch)
    // The page is the last file that a run comes to have.
    while live.isRunning, (try? scratch.names("run").contains("report.html")) != true {
      usleep(500)
    }
    let before = try lastingNames("run")
    for second in [arguments + ["--output", "run"], ["--resume", "run"]] {
      let refused = try CommandLineRun(second, in: scratch)
      #expect(refused.exitCode == 73, "\(refused.errors)")
      #expect(
        refused.errors.hasPrefix("ptrain: run: process \(live.processIdentifier) is working in it"))
    }
    #expect(try lastingNames("run") == before)
    #expect(try scratch.names(".").filter { $0.hasPrefix("run") } == ["run"])
    kill(live.processIdentifier, SIGKILL)
    _ = live.finish()
    let next = try CommandLineRun(arguments + ["--output", "run"], in: scratch)
    #expect(next.exitCode == 0, "\(next.errors)")
    #expect(try scratch.names("run") == (SampleData.runFiles + ["previous-1"]).sorted())
  }
}
