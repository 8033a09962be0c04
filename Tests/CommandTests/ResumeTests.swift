// Runs that stop, by a signal or by force, and go on: the same model, files without repetition.

import Foundation
import Testing

@Suite struct ResumeTests {
  let scratch: Scratch
  /// Long enough to be interrupted on a busy machine: 6 steps an epoch.
  let epochCount = 40
  var arguments: [String] {
    ["--model", "tiny", "--epochs", "\(epochCount)", "--batch-size", "16", "--data", "data"]
  }

  /// With the data that lies there.
  init(scratch: Scratch) { self.scratch = scratch }

  init() throws {
    scratch = try Scratch()
    try SampleData().write(to: scratch)
  }

  func lines(_ run: String) throws -> [Substring] {
    try scratch.text(of: "\(run)/metrics.jsonl").split(separator: "\n")
  }

  func digest(_ run: String) throws -> Substring {
    let line = try #require(try lines(run).last { $0.contains(#""event":"end""#) })
    return try #require(line.split(separator: #""digest":""#).last).prefix(64)
  }

  func resume(_ run: String, _ more: [String] = []) throws -> CommandLineRun {
    try CommandLineRun(["--resume", run] + more, in: scratch)
  }

  /// Starts a run, waits until it has written a checkpoint, and sends a signal.
  func interrupt(
    _ run: String, _ arguments: [String]? = nil, with signal: Int32, launcher: [String] = [],
    binary: String = CommandLineRun.binary, count: Int = 1
  ) throws -> (exitCode: Int32, errors: String) {
    let started = try CommandLineRun.start(
      (arguments ?? self.arguments) + ["--output=\(run)", "--checkpoint-every", "1"], in: scratch,
      launcher: launcher, binary: binary)
    while started.isRunning {
      let names = (try? scratch.names("\(run)/checkpoint")) ?? []
      if names.contains(where: { $0.hasSuffix(".safetensors") }) { break }
      usleep(500)
    }
    for _ in 0..<count {
      kill(started.processIdentifier, signal)
      usleep(5000)
    }
    return started.finish()
  }

  func expectedDigest() throws -> Substring {
    let run = try CommandLineRun(arguments + ["--output", "whole"], in: scratch)
    try #require(run.exitCode == 0, "\(run.errors)")
    return try digest("whole")
  }

  @Test func goesOnAfterBeingKilledManyTimes() throws {
    _ = try interrupt("run", with: SIGKILL)
    for _ in 0..<5 {
      let started = try CommandLineRun.start(["--resume", "run"], in: scratch)
      usleep(UInt32.random(in: 1000...60_000))
      kill(started.processIdentifier, SIGKILL)
      _ = started.finish()
    }
    let last = try resume("run", ["--threads", "1"])
    #expect(last.exitCode == 0, "\(last.errors)")
    #expect(try digest("run") == expectedDigest())
    let epochs = try lines("run").filter { $0.contains(#""event":"epoch""#) }
    #expect(epochs.count == epochCount)
  }

  /// With an average, a validation set and augmentation there is more to go on with.
  @Test func goesOnWithAnAverage() throws {
    let preset = """
      name: averaged
      layers:
        - conv: {filters: 4, kernel: 3, padding: 1}
        - batchNorm
        - relu
        - globalAveragePool
        - dropout: 0.2
        - dense: classes
      recipe:
        epochs: \(epochCount)
        batchSize: 16
        averageDecay: 0.9
        augment: [{affine: {rotation: 12, scale: 0.1, shear: 0.2, shift: 2}}, {mixup: 0.4}]
      """
    try scratch.write(Array(preset.utf8), to: "averaged.yaml")
    let arguments = ["--model", "averaged.yaml", "--data", "data", "--validation", "10"]
    let whole = try CommandLineRun(arguments + ["--output", "whole"], in: scratch)
    try #require(whole.exitCode == 0, "\(whole.errors)")
    #expect(try scratch.text(of: "whole/metrics.jsonl").contains("shift: 2.0}}, {mixup: 0.4}]\""))
    let stopped = try interrupt("run", arguments, with: SIGTERM)
    #expect(stopped.0 == 128 + SIGTERM)
    #expect(try resume("run", ["--threads", "3"]).exitCode == 0)
    #expect(try digest("run") == digest("whole"))
    let lastEpoch = try #require(try lines("run").last { $0.contains(#""event":"epoch""#) })
    #expect(try lastEpoch.contains(#""digest":"\#(digest("run"))""#))
    #expect(lastEpoch.contains(#""validation_accuracy""#))
    #expect(try resume("run").exitCode == 0)
    #expect(try digest("run") == digest("whole"))
  }

  @Test func aFinishedRunStaysAsItIs() throws {
    let expected = try expectedDigest()
    let metrics = try lines("whole").filter { !$0.contains(#""event":"resume""#) }
    let again = try resume("whole")
    #expect(again.exitCode == 0)
    #expect(again.output == "")
    #expect(try digest("whole") == expected)
    #expect(try lines("whole").filter { !$0.contains(#""event":"resume""#) } == metrics)
  }

  @Test func goesOnFromTheCheckpointBeforeADamagedOne() throws {
    let expected = try expectedDigest()
    let names = try scratch.names("whole/checkpoint")
    #expect(names == ["step-000000000234.safetensors", "step-000000000240.safetensors"])
    try scratch.write([1, 2, 3], to: "whole/checkpoint/\(names[1])")
    let again = try resume("whole")
    #expect(again.exitCode == 0)
    #expect(again.errors.contains("Warning: whole/checkpoint/\(names[1]): damaged"))
    #expect(try digest("whole") == expected)
    #expect(again.output.split(separator: "\n").count == 1)
  }

  @Test func refusesWhatContradictsTheRun() throws {
    _ = try interrupt("run", with: SIGINT)
    for option in [
      ["--epochs", "7"], ["--batch-size", "9"], ["--optimizer", "adam"], ["--seed", "2"],
      ["--learning-rate", "0.5"], ["--momentum", "0.5"], ["--weight-decay", "0.5"],
      ["--schedule", "constant"], ["--augment", "none"], ["--model", "eva8"],
      ["--limit-train", "50"], ["--limit-test", "5"], ["--validation", "9"],
      ["--target-accuracy", "50"], ["--patience", "3"], ["--set", "labelSmoothing=0.3"],
    ] {
      let refused = try resume("run", option)
      #expect(refused.exitCode == 64)
      #expect(refused.errors.hasPrefix("ptrain: \(option.joined(separator: " "))"))
      #expect(refused.errors.contains(": contradicts the run"))
    }
  }

  @Test func takesOptionsThatRepeatTheRun() throws {
    _ = try interrupt("run", with: SIGINT)
    let repeated = try resume(
      "run", ["--epochs", "\(epochCount)", "--seed", "1", "--model", "tiny"])
    #expect(repeated.exitCode == 0, "\(repeated.errors)")
  }

  @Test func refusesWhatIsNoRun() throws {
    #expect(try resume("nothing").exitCode == 66)
    #expect(try resume("data").exitCode == 66)
    #expect(try CommandLineRun(["--resume", "a", "--output", "b"], in: scratch).exitCode == 64)
    #expect(try scratch.names() == ["data"])
  }
}
