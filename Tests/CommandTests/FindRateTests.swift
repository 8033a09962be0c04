// The range test by the binary: its table, its suggestion, its plot, and what it refuses.

import Foundation
import Testing

@Suite struct FindRateTests {
  let scratch: Scratch

  init() throws {
    scratch = try Scratch()
    try SampleData().write(to: scratch)
  }

  private func findRate(_ arguments: [String]) throws -> CommandLineRun {
    try CommandLineRun(
      ["find-rate", "--model", "tiny", "--data", "data", "--batch-size", "16"] + arguments,
      in: scratch)
  }

  @Test func printsATableAndASuggestion() throws {
    let run = try findRate(["--steps", "40", "--plot", "rates.svg", "--threads", "2"])
    try #require(run.exitCode == 0, "\(run.errors)")
    let lines = run.output.split(separator: "\n")
    #expect(lines[0] == "learning rate      loss  smoothed")
    let rows = lines.dropFirst().dropLast().map {
      $0.split(separator: " ").compactMap { Double($0) }
    }
    #expect(rows.allSatisfy { $0.count == 3 } && rows.count <= 40)
    #expect(rows[0][0] == 1e-5)
    #expect(zip(rows, rows.dropFirst()).allSatisfy { $0[0] < $1[0] })
    let best = try #require(rows.min { $0[2] < $1[2] })
    let words = try #require(lines.last).split(separator: " ")
    #expect(words[0] == "Suggestion:")
    let suggestion = try #require(Double(words[1].dropLast()))
    #expect(abs(suggestion * 10 / best[0] - 1) < 0.06)
    let picture = try scratch.text(of: "rates.svg")
    #expect(picture.contains("<svg") && picture.contains("suggestion \(words[1].dropLast())"))
    #expect(try scratch.names() == ["data", "rates.svg"])
    #expect(try findRate(["--steps", "40"]).output == run.output)
  }

  @Test func tellsWhyItSuggestsNothing() throws {
    let run = try findRate(["--lowest", "1e-7", "--highest", "1e-6", "--steps", "20"])
    #expect(run.exitCode == 0)
    let last = try #require(run.output.split(separator: "\n").last)
    #expect(last.hasPrefix("No suggestion: ") || last.hasPrefix("Suggestion: "))
    #expect(run.output.split(separator: "\n").count == 22)
  }

  @Test(arguments: [
    (["--lowest", "1", "--highest", "0.5"], "--lowest 1"), (["--steps", "1"], "--steps 1"),
    (["--epochs", "3"], "`epochs`"), (["--set", "schedule=cosine"], "`schedule`"),
    (["--plot", "rates.jpg"], "--plot"), (["--momentum", "2"], "momentum"),
  ])
  func refuses(arguments: [String], part: String) throws {
    try expectRefusal(
      ["find-rate", "--model", "tiny", "--data", "data"] + arguments, in: scratch, exitCode: 64,
      naming: part)
  }
}
