// A run's data is what its files hold: it goes on wherever they lie and whatever they are called, and on
// nothing that differs in any part.

import Foundation
import Testing

extension ResumeTests {
  private func move(_ path: String, to other: String) throws {
    try FileManager.default.moveItem(
      at: scratch.url.appendingPathComponent(path), to: scratch.url.appendingPathComponent(other))
  }

  private func link(_ name: String, to target: String) throws {
    try FileManager.default.createSymbolicLink(
      atPath: scratch.url.appendingPathComponent(name).path, withDestinationPath: target)
  }

  /// Goes on as the line that ended a run says.
  func runCommand(in errors: String) throws -> CommandLineRun {
    let command = try #require(errors.split(separator: "go on with: ").last)
    return CommandLineRun(
      try CommandLineRun.start(["-c", String(command)], in: scratch, binary: "/bin/bash"))
  }

  @Test func goesOnWithDataNamedThroughALink() throws {
    try link("link", to: "data")
    let arguments = arguments.dropLast() + ["link"]
    let (code, errors) = try interrupt("run", Array(arguments), with: SIGTERM)
    try #require(code == 128 + SIGTERM, "\(errors)")
    let resumed = try runCommand(in: errors)
    #expect(resumed.exitCode == 0, "\(resumed.errors)")
    #expect(try digest("run") == expectedDigest())
  }

  /// As on a machine where data is mounted elsewhere than before.
  @Test func goesOnWithTheSameDataThroughAnotherLink() throws {
    _ = try interrupt("run", with: SIGTERM)
    try link("link", to: "data")
    let resumed = try resume("run", ["--data", "link"])
    #expect(resumed.exitCode == 0, "\(resumed.errors)")
    #expect(try digest("run") == expectedDigest())
  }

  @Test func goesOnWithDataThatWasMoved() throws {
    let expected = try expectedDigest()
    _ = try interrupt("run", with: SIGTERM)
    try FileManager.default.createDirectory(
      at: scratch.url.appendingPathComponent("else where"), withIntermediateDirectories: true)
    try move("data", to: "else where/copy")
    let lost = try resume("run")
    #expect(lost.exitCode == 66)
    #expect(lost.errors.contains("/data: No such file"), "\(lost.errors)")
    let resumed = try resume("run", ["--data", "else where/copy"])
    #expect(resumed.exitCode == 0, "\(resumed.errors)")
    #expect(try digest("run") == expected)
    // The new place is the run's from now on.
    #expect(try resume("run").exitCode == 0)
  }

  @Test func goesOnWithDataThatTheEnvironmentNames() throws {
    let words = Array(arguments.dropLast(2))
    let whole = try CommandLineRun(
      words + ["--output", "whole"], in: scratch, environment: ["PTRAIN_DATA": "data"])
    try #require(whole.exitCode == 0, "\(whole.errors)")
    try move("data", to: "other")
    let again = try CommandLineRun(
      ["--resume", "whole"], in: scratch, environment: ["PTRAIN_DATA": "other"])
    #expect(again.exitCode == 0, "\(again.errors)")
  }

  /// Mirrors differ in a dot and in compression.
  @Test func goesOnWithFilesOfOtherNames() throws {
    let expected = try expectedDigest()
    _ = try interrupt("run", with: SIGTERM)
    for name in SampleData.names {
      try move("data/\(name)", to: "data/" + name.replacing("-idx", with: ".idx"))
    }
    try #require(CommandLineRun(script: "gzip data/t10k*", in: scratch).exitCode == 0)
    let resumed = try resume("run")
    #expect(resumed.exitCode == 0, "\(resumed.errors)")
    #expect(try digest("run") == expected)
  }

  /// What is changed, and how it is told. Two pixels that change places keep every mean and deviation.
  static let changes: [(name: String, change: @Sendable (inout SampleData) -> Void)] = [
    ("other training images", { $0.files[0][20] ^= 1 }),
    ("other training images", { $0.files[0].swapAt(16, 22) }),
    ("other training images", { $0.files[0][$0.files[0].count - 1] ^= 128 }),
    ("other training labels", { $0.files[1][8] = 1 }),
    ("other training labels", { $0.files[1].swapAt(8 + 94, 8 + 95) }),
    ("other test images", { $0.files[2].swapAt(16, 22) }),
    ("other test images", { $0.files[2][$0.files[2].count - 1] ^= 1 }),
    ("other test labels", { $0.files[3][8 + 39] = 0 }),
    (
      "other training labels, test images",
      {
        $0.files[1][9] = 0
        $0.files[2][16] ^= 1
      }
    ),
    (
      "other training images, training labels, test images, test labels",
      { data in for part in 0..<4 { data.files[part].swapAt(17, 23) } }
    ),
    (
      "92 training and 40 test samples instead of 96 and 40",
      { ($0.files[0], $0.files[1]) = (SampleData.images(count: 92), SampleData.labels(count: 92)) }
    ),
    (
      "96 training and 36 test samples instead of 96 and 40",
      { ($0.files[2], $0.files[3]) = (SampleData.images(count: 36), SampleData.labels(count: 36)) }
    ),
  ]

  @Test func refusesDataThatDiffersInAnyPart() throws {
    _ = try interrupt("run", with: SIGINT)
    let before = try lines("run")
    for (difference, change) in Self.changes {
      var data = SampleData()
      change(&data)
      try #require(data.files != SampleData().files)
      try data.write(to: scratch)
      let refused = try resume("run")
      #expect(refused.exitCode == 65)
      #expect(
        refused.errors
          == "ptrain: run: began with other data (data): found \(difference); pass --data with the "
          + "data that the run began with\n")
      #expect(try lines("run") == before)
    }
    try SampleData().write(to: scratch)
    let resumed = try resume("run")
    #expect(resumed.exitCode == 0, "\(resumed.errors)")
    #expect(try digest("run") == expectedDigest())
  }

  /// Images of another form with the very same bytes.
  @Test func refusesImagesOfAnotherForm() throws {
    _ = try interrupt("run", with: SIGINT)
    var data = SampleData()
    for part in [0, 2] {
      data.files[part].replaceSubrange(8..<16, with: [6, 24].flatMap(SampleData.bigEndian))
    }
    try data.write(to: scratch)
    let refused = try resume("run")
    #expect(refused.exitCode == 65)
    #expect(refused.errors.contains("found other training images, test images;"))
  }

  /// Samples beyond a limit still give mean and deviation.
  @Test func refusesOtherImagesBeyondALimit() throws {
    _ = try interrupt("run", arguments + ["--limit-train", "50"], with: SIGINT)
    var data = SampleData()
    data.files[0][data.files[0].count - 1] ^= 128
    try data.write(to: scratch)
    let refused = try resume("run")
    #expect(refused.exitCode == 65)
    #expect(refused.errors.contains("found other training images beyond the first 50;"))
  }
}
