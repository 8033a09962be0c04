// Runs that end early by their validation loss: killed or not, they leave the same files, and do not go on.

import Foundation
import Testing

@Suite struct PatienceTests {
  private struct Epoch: Decodable {
    let epoch: Int
    let validationLoss: Double
    let digest: String
  }

  private let scratch: Scratch
  private let arguments = [
    "--model", "tiny", "--epochs", "40", "--batch-size", "16", "--data", "data",
    "--validation", "16", "--patience", "3",
  ]

  /// Labels without a rule: what is learnt of some images says nothing about those that are held out.
  init() throws {
    scratch = try Scratch()
    var data = SampleData()
    for index in data.files[1].indices.dropFirst(8) {
      data.files[1][index] = UInt8((index * 7919 % 13) % 4)
    }
    try data.write(to: scratch)
  }

  private func epochs(_ run: String) throws -> [Epoch] {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return try scratch.text(of: "\(run)/metrics.jsonl").split(separator: "\n")
      .filter { $0.contains(#""event":"epoch""#) }
      .map { try decoder.decode(Epoch.self, from: Data($0.utf8)) }
  }

  private func end(_ run: String) throws -> String {
    let line = try scratch.text(of: "\(run)/metrics.jsonl").split(separator: "\n").last
    return String(try #require(line))
  }

  private func evaluate(_ run: String) throws -> String {
    try CommandLineRun(
      ["eval", "--checkpoint", "\(run)/model.safetensors", "--data", "data"], in: scratch
    ).output
  }

  /// The last epoch and the best one, as a plain script reads them off the metrics.
  private func expected(_ epochs: [Epoch]) throws -> (last: Int, best: Epoch) {
    var best = epochs[0]
    for epoch in epochs {
      if epoch.validationLoss < best.validationLoss { best = epoch }
      if epoch.epoch - best.epoch >= 3 { return (epoch.epoch, best) }
    }
    throw CancellationError()
  }

  @Test func endsEarlyWithTheBestModel() throws {
    let run = try CommandLineRun(arguments + ["--output", "run"], in: scratch)
    try #require(run.exitCode == 0, "\(run.errors)")
    let epochs = try epochs("run")
    let (last, best) = try expected(epochs)
    #expect(epochs.count == last && last < 40)
    #expect(try end("run").contains(#""model_epoch":\#(best.epoch),"stopped_by":"patience""#))
    #expect(try end("run").hasSuffix(#""digest":"\#(best.digest)"}"#))
    #expect(run.errors.contains("\nBest: epoch \(best.epoch), validation loss "))
    #expect(run.errors.hasSuffix("(epoch \(best.epoch), the best on the validation set)\n"))
    #expect(run.errors.components(separatedBy: "\nEpoch ").count == last + 1)
    let results = run.output.split(separator: "\n")
    #expect(results.count == 2 * last && results[0].hasPrefix("Validation set: Average loss: "))
    #expect(try evaluate("run") == results[2 * best.epoch - 1] + "\n")
    let evaluation = try scratch.text(of: "run/evaluation.json")
    #expect(evaluation.contains(#"{"epoch":\#(best.epoch),"digest":"\#(best.digest)","#))
    let table = try scratch.text(of: "run/metrics.csv").split(separator: "\n")
    #expect(table.count == last + 1)
    #expect(table.dropFirst().enumerated().allSatisfy { $1.hasPrefix("\($0 + 1),") })
  }

  @Test func aRunThatEndedEarlyDoesNotGoOn() throws {
    _ = try CommandLineRun(arguments + ["--output", "run"], in: scratch)
    let before = try scratch.text(of: "run/metrics.jsonl")
    try expectRefusal(
      ["--resume", "run"], in: scratch, exitCode: 64,
      naming: "--resume run: stopped early, there is nothing to go on with: epochs ")
    #expect(try scratch.text(of: "run/metrics.jsonl") == before)
  }

  /// Also from the checkpoints alone, as on another machine.
  @Test func killedRunsEndAsTheOthers() throws {
    let whole = try CommandLineRun(arguments + ["--output", "whole"], in: scratch)
    try #require(whole.exitCode == 0, "\(whole.errors)")
    let tests = ResumeTests(scratch: scratch)
    _ = try tests.interrupt("run", arguments, with: SIGKILL)
    for _ in 0..<4 {
      let started = try CommandLineRun.start(["--resume", "run"], in: scratch)
      usleep(UInt32.random(in: 1000...40_000))
      kill(started.processIdentifier, SIGKILL)
      _ = started.finish()
    }
    try? FileManager.default.removeItem(
      at: scratch.url.appendingPathComponent("run/model.safetensors"))
    let last = try tests.resume("run", ["--threads", "1"])
    // All may have been done by the processes that were killed.
    let isDone = last.errors.contains("stopped early")
    #expect(last.exitCode == (isDone ? 64 : 0), "\(last.errors)")
    #expect(try tests.digest("run") == tests.digest("whole"))
    let digests = try epochs("run").map(\.digest)
    #expect(try digests == epochs("whole").map(\.digest))
    guard !isDone else { return }
    #expect(
      try scratch.text(of: "run/metrics.csv").split(separator: "\n").count == digests.count + 1)
    #expect(try evaluate("run") == evaluate("whole"))
  }

  @Test func recipesAreSetByKey() throws {
    let settings = ["--set", "labelSmoothing=0.25", "--set", "augment={rotation: 5}"]
    let run = try CommandLineRun(
      ["--model", "tiny", "--data", "data", "--output", "run", "--set", "epochs=1"] + settings
        + ["--set", "momentum=0.5", "--set", "optimizer=sgd", "--set", "batchSize=32"],
      in: scratch)
    try #require(run.exitCode == 0, "\(run.errors)")
    let start = try scratch.text(of: "run/metrics.jsonl").split(separator: "\n")[0]
    #expect(start.contains(#""batch_size":32"#) && start.contains(#""epochs":1,"#))
    #expect(start.contains(#""augment":"{rotation: 5.0, scale: 0.1, shear: 0.2, shift: 2.0}""#))
    let model = String(
      decoding: try Data(contentsOf: scratch.url.appendingPathComponent("run/model.safetensors"))
        .prefix(5000), as: UTF8.self)
    for part in ["labelSmoothing: 0.25", "rotation: 5.0", "momentum: 0.5"] {
      #expect(model.contains(part), "\(part)")
    }
  }
}
