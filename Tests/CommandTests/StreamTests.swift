// Standard streams that nobody reads, or that are not there: no reason to stop, and no place for lines
// in the files of the run.

import Testing

@Suite struct StreamTests {
  let scratch: Scratch
  let train = "\"$PTRAIN\" --model tiny --data data --epochs 3 --output run"

  init() throws {
    scratch = try Scratch()
    try SampleData().write(to: scratch)
  }

  private func expectAWholeRun(_ script: String) throws {
    let run = try CommandLineRun(script: script, in: scratch)
    #expect(try scratch.text(of: "code") == "0\n", "\(script): \(run.errors)")
    let lines = try scratch.text(of: "run/metrics.jsonl").split(separator: "\n")
    #expect(lines.count == 5 && lines.allSatisfy { $0.hasPrefix("{") && $0.hasSuffix("}") })
    #expect(try scratch.names("run") == SampleData.runFiles)
  }

  @Test(arguments: ["", "2>&1", "2>&1 >out"])
  func aReaderWhoGoesAwayEndsNoRun(streams: String) throws {
    // The reader is gone before the first line.
    try expectAWholeRun("{ sleep 0.2; \(train) \(streams); echo $? >code; } | true")
  }

  @Test(arguments: [">&-", "2>&-", "<&-", "<&- >&- 2>&-"])
  func closedStreamsAreNobodys(streams: String) throws {
    try expectAWholeRun("\(train) \(streams); echo $? >code")
  }
}
