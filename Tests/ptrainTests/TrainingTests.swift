// Whole runs of the binary on a small dataset: what is printed, what is left, what is the same.

import Foundation
import Testing

private struct EpochLine: Decodable {
  let event: String
  let epoch: Int?
  let testAccuracy: Double?
  let testCorrect: Int?
  let digest: String?
}

@Suite struct TrainingTests {
  let scratch: Scratch

  init() throws {
    scratch = try Scratch()
    try SampleData().write(to: scratch)
  }

  private func train(_ arguments: [String], output: String) throws -> CommandLineRun {
    let run = try CommandLineRun(
      ["--model", "tiny", "--data", "data", "--output", output] + arguments, in: scratch)
    try #require(run.exitCode == 0, "\(run.errors)")
    return run
  }

  private func lines(_ output: String) throws -> [EpochLine] {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return try scratch.text(of: "\(output)/metrics.jsonl").split(separator: "\n").map {
      try decoder.decode(EpochLine.self, from: Data($0.utf8))
    }
  }

  private func digest(_ arguments: [String], output: String) throws -> String {
    _ = try train(arguments, output: output)
    return try #require(try lines(output).last?.digest)
  }

  @Test func printsALineAnEpochAndLeavesModelAndMetrics() throws {
    let run = try train(["--epochs", "3", "--threads", "2"], output: "a/run")
    let epochs = try lines("a/run").filter { $0.event == "epoch" }
    let printed = run.output.split(separator: "\n")
    #expect(printed.count == 3)
    for (line, epoch) in zip(printed, epochs) {
      #expect(line.hasPrefix("Test set: Average loss: "))
      #expect(line.contains(", Accuracy: \(epoch.testCorrect!)/40 ("))
    }
    #expect((run.output + run.errors).unicodeScalars.allSatisfy { $0 == "\n" || $0.value >= 32 })
    #expect(try scratch.names("a/run") == ["checkpoint", "metrics.jsonl", "model.safetensors"])
    #expect(try lines("a/run").map(\.event) == ["start", "epoch", "epoch", "epoch", "end"])
    #expect(epochs.map(\.epoch) == [1, 2, 3])
    #expect(try lines("a/run").last?.digest == epochs.last?.digest)
  }

  @Test func evaluatesTheModelItLeft() throws {
    let trained = try train(["--epochs", "2"], output: "run")
    let arguments = ["eval", "--checkpoint", "run/model.safetensors", "--data", "data"]
    let evaluated = try CommandLineRun(arguments, in: scratch)
    #expect(evaluated.exitCode == 0)
    #expect(evaluated.output == trained.output.split(separator: "\n").last! + "\n")
    let json = try CommandLineRun(arguments + ["--json", "--threads", "3"], in: scratch)
    let correct = try #require(try lines("run").last { $0.event == "epoch" }?.testCorrect)
    #expect(json.output.contains("\"test_correct\":\(correct),"))
  }

  @Test func learns() throws {
    _ = try train(["--epochs", "30"], output: "run")
    let accuracy = try #require(try lines("run").last?.testAccuracy)
    #expect(accuracy >= 90)
  }

  @Test func givesTheSameModelAtAnyThreadCount() throws {
    let arguments = ["--epochs", "2", "--batch-size", "28"]
    let digests = try [1, 2, 3, 7].map {
      try digest(arguments + ["--threads", "\($0)"], output: "threads-\($0)")
    }
    #expect(Set(digests).count == 1)
    #expect(try digest(arguments, output: "again") == digests[0])
    #expect(try digest(arguments + ["--seed", "2"], output: "seed") != digests[0])
  }

  @Test func optionsAct() throws {
    let base = ["--epochs", "2"]
    let changes = [
      [], ["--batch-size", "16"], ["--optimizer", "adam"], ["--learning-rate", "0.01"],
      ["--momentum", "0.5"], ["--weight-decay", "0.01"], ["--schedule", "constant"],
      ["--schedule", "cosine"], ["--augment", "none"],
      ["--limit-train", "50"], ["--validation", "20"],
    ]
    let digests = try changes.enumerated().map {
      try digest(base + $1, output: "change-\($0)")
    }
    #expect(Set(digests).count == changes.count, "\(digests)")
  }

  @Test func stopsAtTheTargetAccuracy() throws {
    _ = try train(["--epochs", "5", "--target-accuracy", "0.001"], output: "run")
    let epochs = try lines("run").filter { $0.event == "epoch" }
    let reached = try #require(epochs.firstIndex { $0.testAccuracy! >= 0.001 })
    #expect(epochs.count == reached + 1)
  }

  @Test func limitsSamples() throws {
    let run = try train(["--epochs", "1", "--limit-test", "10"], output: "run")
    #expect(run.output.contains("/10 ("))
  }

  @Test func namesTheRunDirectoryItself() throws {
    let run = try CommandLineRun(
      ["--model", "tiny", "--data", "data", "--epochs", "1"], in: scratch)
    #expect(run.exitCode == 0)
    let name = try #require(try scratch.names("runs").first)
    #expect(name.wholeMatch(of: /tiny-\d{8}-\d{6}/) != nil)
    #expect(run.errors.contains("runs/\(name)/model.safetensors"))
  }

  @Test func trainsADescriptionFile() throws {
    let yaml = """
      name: mine
      layers:
        - conv: {filters: 4, kernel: 3, padding: 1}
        - relu
        - batchNorm
        - globalAveragePool
        - dense: classes
      recipe:
        epochs: 1
        batchSize: 32
      """
    try scratch.write(Array(yaml.utf8), to: "mine.yaml")
    let run = try CommandLineRun(
      ["--model", "mine.yaml", "--data", "data", "--output", "run"], in: scratch)
    #expect(run.exitCode == 0, "\(run.errors)")
    #expect(try scratch.text(of: "run/metrics.jsonl").contains("\"model\":\"mine\""))
  }

  @Test func refusesDataThatDoesNotFitTheModel() throws {
    _ = try train(["--epochs", "1"], output: "run")
    var data = SampleData()
    data.files[1][8] = 9
    try data.write(to: scratch)
    let run = try CommandLineRun(
      ["eval", "--checkpoint", "run/model.safetensors", "--data", "data"], in: scratch)
    #expect(run.exitCode == 65)
    #expect(run.errors.contains("knows 4 classes, the data has 10"))
  }
}
