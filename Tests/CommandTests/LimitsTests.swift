// What a machine does not give: threads and memory. Runs go on with less, or end with one line.

import Foundation
import Testing

@Suite struct LimitsTests {
  let scratch: Scratch

  init() throws {
    scratch = try Scratch()
    try SampleData().write(to: scratch)
  }

  private func train(_ output: String, _ more: [String], launcher: [String] = []) throws
    -> (errors: String, digest: Substring)
  {
    let run = try CommandLineRun(
      ["--model", "tiny", "--data", "data", "--epochs", "1", "--output", output] + more,
      in: scratch, launcher: launcher)
    try #require(run.exitCode == 0, "\(run.errors)")
    let metrics = try scratch.text(of: "\(output)/metrics.jsonl")
    return (run.errors, try #require(metrics.split(separator: #""digest":""#).last).prefix(64))
  }

  @Test func asManyThreadsAsHelpPromises() throws {
    let one = try train("one", ["--threads", "1"])
    let many = try train("many", ["--threads", "1024"])
    #expect(many.digest == one.digest)
    #expect(many.errors.contains("1,024 threads") || many.errors.contains("1024 threads"))
    #expect(!many.errors.contains("Warning"))
  }

  /// A limited address space refuses stacks as a process limit refuses threads, root's included.
  @Test func fewerThreadsWhereTheSystemRefuses() throws {
    let one = try train("one", ["--threads", "1"])
    let few = try train("few", ["--threads", "1024"], launcher: ["prlimit", "--as=1073741824"])
    #expect(few.digest == one.digest)
    #expect(few.errors.contains(/Warning: \d+ of 1024 workers could be started \(/))
  }

  @Test func tooFewDescriptorsAreOneLine() throws {
    let run = try CommandLineRun(
      ["--model", "tiny", "--data", "data", "--output", "run"], in: scratch,
      launcher: ["prlimit", "--nofile=4"])
    #expect([66, 73, 74].contains(run.exitCode), "\(run.errors)")
    #expect(run.errors.contains(/^ptrain: .*Too many open files\n$/))
  }
}
