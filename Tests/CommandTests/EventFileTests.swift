// Event files of whole runs, interrupted or not.

import Foundation
import Testing

@Suite struct EventFileTests {
  let scratch: Scratch

  init() throws {
    scratch = try Scratch()
    try SampleData().write(to: scratch)
  }

  private var events: Data {
    get throws {
      try Data(contentsOf: scratch.url.appendingPathComponent("run/events.out.tfevents.0.ptrain"))
    }
  }

  /// A resumed run keeps on writing them without being asked again.
  @Test func eachEpochIsThereOnce() throws {
    let arguments = [
      "--model", "tiny", "--epochs", "12", "--batch-size", "16", "--data", "data", "--tensorboard",
    ]
    let tests = ResumeTests(scratch: scratch)
    _ = try tests.interrupt("run", arguments, with: SIGTERM)
    let resumed = try tests.resume("run")
    #expect(resumed.exitCode == 0, "\(resumed.errors)")
    let events = try events
    #expect(events.ranges(of: Data("loss/test".utf8)).count == 12)
    #expect(events.ranges(of: Data("confusion/test".utf8)).count == 1)
    #expect(events.ranges(of: Data("brain.Event:2".utf8)).count == 1)
    #expect(events.firstRange(of: Data([0x89, 0x50, 0x4e, 0x47])) != nil)
  }

  @Test func noneWithoutTheFlag() throws {
    let run = try CommandLineRun(
      ["--model", "tiny", "--epochs", "1", "--data", "data", "--output", "run"], in: scratch)
    #expect(run.exitCode == 0)
    #expect(try scratch.names("run") == SampleData.runFiles)
  }
}
