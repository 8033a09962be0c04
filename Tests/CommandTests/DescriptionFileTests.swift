// Description files as a user hands them over: names that YAML takes for something else, marks of
// editors, and what is no file at all.

import Foundation
import Testing

@Suite struct DescriptionFileTests {
  let scratch: Scratch

  init() throws {
    scratch = try Scratch()
    try SampleData().write(to: scratch)
  }

  private func description(_ name: String) -> String {
    """
    name: \(name)
    layers:
      - conv: {filters: 4, kernel: 3}
      - relu
      - globalAveragePool
      - dense: classes

    """
  }

  /// Trains, goes on and is read again under a name that YAML would read otherwise.
  @Test(arguments: ["-", "--", "null", "true", "1e3", "0x10", "no", "007"])
  func whatTrainsIsReadAgain(name: String) throws {
    try scratch.write(Array(description("\"\(name)\"").utf8), to: "m.yaml")
    let trained = try CommandLineRun(
      ["--model", "m.yaml", "--data", "data", "--epochs", "2"], in: scratch)
    #expect(trained.exitCode == 0, "\(trained.errors)")
    let run = try #require(try scratch.names("runs").first)
    #expect(run.hasPrefix("\(name)-20"))
    let tests = trained.output.split(separator: "\n")
    let tested = try CommandLineRun(
      ["eval", "--checkpoint", "runs/\(run)/model.safetensors", "--data", "data"], in: scratch)
    #expect(tested.exitCode == 0, "\(tested.errors)")
    #expect(tested.output == (tests.last ?? "") + "\n")
    let again = try CommandLineRun(["--resume", "runs/\(run)"], in: scratch)
    #expect(again.exitCode == 0, "\(again.errors)")
  }

  @Test func aByteOrderMarkDoesNotMoveLines() throws {
    let text = description("m") + "  - relux\n"
    for mark in [[], [0xEF, 0xBB, 0xBF]] as [[UInt8]] {
      try scratch.write(mark + Array(text.utf8), to: "m.yaml")
      try expectRefusal(
        ["--model", "m.yaml", "--data", "data"], in: scratch, exitCode: 65,
        naming: "m.yaml:7: unknown layer `relux`")
    }
    try scratch.write([0xEF, 0xBB, 0xBF] + Array(description("m").utf8), to: "m.yaml")
    let summary = try CommandLineRun(["summary", "--model", "m.yaml"], in: scratch)
    #expect(summary.exitCode == 0, "\(summary.errors)")
  }

  /// A pipe without a writer, wherever a file is expected: one line, and no waiting for anybody.
  @Test(arguments: [
    ["--model", "pipe.yaml", "--data", "data"], ["summary", "--model", "pipe.yaml"],
    ["eval", "--checkpoint", "pipe.yaml", "--data", "data"],
    ["export", "--checkpoint", "pipe.yaml", "--output", "m.onnx"],
    ["--from", "pipe.yaml", "--data", "data"], ["--model", "tiny", "--data", "pipes"],
  ])
  func aPipeIsNoFile(arguments: [String]) throws {
    let files = ["pipe.yaml"] + SampleData.names.map { "pipes/\($0)" }
    try FileManager.default.createDirectory(
      at: scratch.url.appendingPathComponent("pipes"), withIntermediateDirectories: true)
    for file in files {
      try #require(mkfifo(scratch.url.appendingPathComponent(file).path, 0o600) == 0)
    }
    let refused = try CommandLineRun(arguments, in: scratch, launcher: ["timeout", "20"])
    #expect(refused.exitCode == 66)
    let file = arguments.contains("pipes") ? files[1] : files[0]
    #expect(
      refused.errors == "ptrain: \(file): expected a file, found something else\n",
      "\(refused.errors)")
  }
}
