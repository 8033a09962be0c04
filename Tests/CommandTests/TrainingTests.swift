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
    #expect(try scratch.names("a/run") == SampleData.runFiles)
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

  /// The matrix's diagonal holds what was correct, and the run keeps the same one.
  @Test func tellsWhichClassWasTakenForWhich() throws {
    struct Answer: Decodable, Equatable {
      let classes: [String]
      let confusion: [[Int]]
      let testCorrect: Int
      let balancedAccuracy: Double
    }
    let trained = try train(["--epochs", "1"], output: "run")
    #expect(trained.errors.contains("Model: run/model.safetensors"))
    let arguments = ["eval", "--checkpoint", "run/model.safetensors", "--data", "data"]
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    let json = try CommandLineRun(arguments + ["--json"], in: scratch)
    let answer = try decoder.decode(Answer.self, from: Data(json.output.utf8))
    #expect(answer.classes == ["0", "1", "2", "3"])
    #expect(answer.confusion.map { $0.reduce(0, +) } == [10, 10, 10, 10])
    let diagonal = (0..<4).reduce(0) { $0 + answer.confusion[$1][$1] }
    #expect(diagonal == answer.testCorrect)
    #expect(abs(answer.balancedAccuracy - 100 * Double(diagonal) / 40) < 1e-9)
    let kept = try scratch.text(of: "run/evaluation.json")
    #expect(try decoder.decode(Answer.self, from: Data(kept.utf8)) == answer)
    #expect(try kept.contains(#require(lines("run").last?.digest)))
    let table = try CommandLineRun(arguments + ["--per-class"], in: scratch).output
    #expect(table.hasPrefix(trained.output + "class  precision     recall         F1     images\n"))
    #expect(table.split(separator: "\n").count == 13)
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
      ["--schedule", "cosine"], ["--augment", "none"], ["--augment", "mixup=0.2"],
      ["--augment", "cutmix=1"],
      ["--limit-train", "50"], ["--validation", "20"], ["--set", "biasRate=4"],
      ["--set", "initialization=dirac"], ["--set", "whiten=0.0005"],
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
    data.files[3][9] = 9
    try data.write(to: scratch)
    let run = try CommandLineRun(
      ["eval", "--checkpoint", "run/model.safetensors", "--data", "data"], in: scratch)
    #expect(run.exitCode == 65)
    #expect(run.errors.contains("knows 4 classes; the data: test sample 1 has label 9"))
  }

  @Test func evaluatesATestSetAlone() throws {
    let trained = try train(["--epochs", "1"], output: "run")
    for name in SampleData.names.prefix(2) {
      try FileManager.default.removeItem(at: scratch.url.appendingPathComponent("data/\(name)"))
    }
    let arguments = ["eval", "--checkpoint", "run/model.safetensors", "--data", "data"]
    let evaluated = try CommandLineRun(arguments, in: scratch)
    #expect(evaluated.exitCode == 0, "\(evaluated.errors)")
    #expect(evaluated.output == trained.output.split(separator: "\n").last! + "\n")
    #expect(evaluated.errors == "Data: test set from data\n")
    let limited = try CommandLineRun(arguments + ["--limit-test", "7"], in: scratch)
    #expect(limited.output.contains("/7 ("), "\(limited.output)")
    try FileManager.default.removeItem(
      at: scratch.url.appendingPathComponent("data/\(SampleData.names[3])"))
    let missing = try CommandLineRun(arguments, in: scratch)
    #expect(missing.exitCode == 66)
    #expect(missing.errors.contains(SampleData.names[3]))
  }
}

@Suite struct StartingPointTests {
  let scratch: Scratch

  init() throws {
    scratch = try Scratch()
    try SampleData().write(to: scratch)
  }

  private func run(_ arguments: [String]) throws -> CommandLineRun {
    try CommandLineRun(arguments + ["--data", "data"], in: scratch)
  }

  /// The model file without metadata, as PyTorch's `save_file` writes one.
  private func stripMetadata(_ path: String) throws {
    let bytes = try [UInt8](Data(contentsOf: scratch.url.appendingPathComponent(path)))
    let length = bytes[0..<8].reversed().reduce(0) { $0 << 8 | Int($1) }
    let header = try #require(
      try JSONSerialization.jsonObject(with: Data(bytes[8..<8 + length])) as? [String: Any])
    let plain = try JSONSerialization.data(
      withJSONObject: header.filter { $0.key != "__metadata__" })
    let count = withUnsafeBytes(of: UInt64(plain.count).littleEndian) { Array($0) }
    try scratch.write(count + plain + bytes[(8 + length)...], to: "plain.safetensors")
  }

  @Test func evaluatesAFileThatCarriesNoDescription() throws {
    let trained = try run(["--model", "tiny", "--epochs", "2", "--output", "run"])
    try stripMetadata("run/model.safetensors")
    let evaluated = try run(["eval", "--checkpoint", "plain.safetensors", "--model", "tiny"])
    #expect(evaluated.exitCode == 0, "\(evaluated.errors)")
    #expect(evaluated.output == trained.output.split(separator: "\n").last! + "\n")
    let unnamed = try run(["eval", "--checkpoint", "plain.safetensors"])
    #expect(unnamed.exitCode == 65)
    #expect(unnamed.errors.contains("--model"))
    let other = try run(["eval", "--checkpoint", "plain.safetensors", "--model", "eva8"])
    #expect(other.exitCode == 65)
    let contradicted = try run([
      "eval", "--checkpoint", "run/model.safetensors", "--model", "eva8",
    ])
    #expect(contradicted.exitCode == 64)
  }

  /// A checkpoint holds what trains; without a moving average that is what was tested.
  @Test func evaluatesACheckpoint() throws {
    let yaml = """
      name: plain
      layers:
        - conv: {filters: 4, kernel: 3}
        - batchNorm
        - relu
        - globalAveragePool
        - dense: classes
      recipe: {epochs: 2, batchSize: 32}
      """
    try scratch.write(Array(yaml.utf8), to: "plain.yaml")
    let trained = try run(["--model", "plain.yaml", "--output", "run"])
    let name = try #require(try scratch.names("run/checkpoint").last)
    let evaluated = try run(["eval", "--checkpoint", "run/checkpoint/\(name)"])
    #expect(evaluated.output == trained.output.split(separator: "\n").last! + "\n")
  }

  @Test func startsFromAFile() throws {
    let first = try run(["--model", "tiny", "--epochs", "20", "--output", "first"])
    #expect(first.exitCode == 0)
    let gentle = ["--epochs", "1", "--learning-rate", "1e-12", "--schedule", "constant"]
    let next = try run(
      ["--from", "first/model.safetensors", "--augment", "none", "--output", "next"] + gentle)
    #expect(next.exitCode == 0, "\(next.errors)")
    let metrics = try scratch.text(of: "next/metrics.jsonl")
    #expect(metrics.contains(#""model":"tiny""#))
    try stripMetadata("first/model.safetensors")
    let named = try run(
      ["--from", "plain.safetensors", "--model", "tiny", "--augment", "none", "--output", "named"]
        + gentle)
    #expect(named.output == next.output)
    let random = try run(
      ["--model", "tiny", "--augment", "none", "--output", "random"] + gentle)
    #expect(random.exitCode == 0)
    #expect(random.output != next.output)
    let other = try run(["--from", "plain.safetensors", "--model", "eva8", "--output", "other"])
    #expect(other.exitCode == 65)
    #expect(
      try scratch.names() == ["data", "first", "named", "next", "plain.safetensors", "random"])
  }
}
