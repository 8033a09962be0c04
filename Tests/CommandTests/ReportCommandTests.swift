// The page of a run, as training leaves it and as `ptrain report` writes it again.

import Foundation
import Testing

@Suite struct ReportCommandTests {
  let scratch: Scratch

  init() throws { scratch = try .withRun(epochs: 1) }

  private func ptrain(_ arguments: [String]) throws -> CommandLineRun {
    try CommandLineRun(arguments, in: scratch)
  }

  /// A page without the second in which it was written.
  private func page(_ path: String) throws -> String {
    try scratch.text(of: path).replacing(/"writtenAt":\d+/, with: "")
  }

  @Test func writesTheSamePageAgain() throws {
    let first = try page("run/report.html")
    #expect(first.contains(#""state":"finished""#))
    #expect(first.contains(#""hasPictures":true"#))
    let run = try ptrain(["report", "run"])
    #expect(run.exitCode == 0, "\(run.errors)")
    #expect(run.errors.hasPrefix("Wrote run/report.html: "))
    #expect(try page("run/report.html") == first)
    #expect(try ptrain(["report", "run", "--output", "copy.html"]).exitCode == 0)
    #expect(try page("copy.html") == first)
  }

  @Test func followsDataThatWasMoved() throws {
    let whole = try page("run/report.html")
    let old = scratch.url.appendingPathComponent("data")
    try FileManager.default.moveItem(at: old, to: scratch.url.appendingPathComponent("moved"))
    let blind = try ptrain(["report", "run"])
    #expect(blind.exitCode == 0)
    #expect(blind.errors.contains("mistakes are shown without pictures"))
    #expect(try page("run/report.html").contains(#""hasPictures":false"#))
    #expect(try ptrain(["report", "run", "--data", "moved"]).exitCode == 0)
    #expect(try page("run/report.html") == whole)
  }

  /// Images of another test would stand under the run's numbers.
  @Test func otherDataGivesNoPictures() throws {
    var other = SampleData()
    other.files[2][100] ^= 1
    try other.write(to: scratch)
    let run = try ptrain(["report", "run"])
    #expect(run.exitCode == 0)
    #expect(run.errors.contains("found other test images; mistakes are shown without pictures"))
  }

  @Test func aRunThatWasMovedTellsItsNewPlace() throws {
    let place = scratch.url.appendingPathComponent("it's here")
    try FileManager.default.moveItem(at: scratch.url.appendingPathComponent("run"), to: place)
    #expect(try ptrain(["report", "it's here"]).exitCode == 0)
    let text = try page("it's here/report.html")
    #expect(text.contains(#"it'\\''s here/model.safetensors'"#))
  }

  @Test func refusesWhatIsNoRun() throws {
    #expect(try ptrain(["report", "data"]).exitCode == 66)
    #expect(try ptrain(["report", "nowhere"]).exitCode == 66)
    #expect(try ptrain(["report", "run", "--output", "page.txt"]).exitCode == 64)
    #expect(try ptrain(["report", "run", "--output", "nowhere/page.html"]).exitCode == 73)
    try scratch.write([1, 2, 3], to: "run/model.safetensors")
    #expect(try ptrain(["report", "run"]).exitCode == 65)
  }
}
