// What other programs get: exported files, and the logits that they are compared by.

import Foundation
import PTrainArtifacts
import Testing

@Suite struct ExportTests {
  let scratch: Scratch

  init() throws { scratch = try .withRun(epochs: 1) }

  private func ptrain(_ arguments: [String]) throws -> CommandLineRun {
    try CommandLineRun(arguments, in: scratch)
  }

  private func export(_ output: String, _ options: [String] = []) throws -> CommandLineRun {
    try ptrain(
      ["export", "--checkpoint", "run/model.safetensors", "--output", output] + options)
  }

  private func bytes(_ path: String) throws -> [UInt8] {
    [UInt8](try Data(contentsOf: scratch.url.appendingPathComponent(path)))
  }

  /// Operators stand in the file under their names.
  @Test(arguments: [
    ([], ["BatchNormalization"], ["Mul", "Add"]),
    (["--fold-batch-norm"], [], ["BatchNormalization", "Mul", "Add"]),
    (["--normalize"], ["BatchNormalization", "Mul", "Add"], []),
    (["--normalize", "--fold-batch-norm"], ["Mul", "Add"], ["BatchNormalization"]),
  ])
  func optionsActOnTheGraph(options: [String], present: [String], absent: [String]) throws {
    let run = try export("model.onnx", options)
    #expect(run.exitCode == 0, "\(run.errors)")
    let file = try Data(bytes("model.onnx"))
    // NodeProto.op_type is field 4, a length and a text.
    func holds(_ name: String) -> Bool {
      file.range(of: Data([0x22, UInt8(name.utf8.count)] + name.utf8)) != nil
    }
    #expect(holds("Conv") && holds("Gemm"))
    #expect(present.allSatisfy(holds))
    #expect(!absent.contains(where: holds))
  }

  @Test func tensorFlowLiteInFloatsAndIntegers() throws {
    let integers = ["--int8", "--data", "data", "--calibration", "20"]
    for (options, words) in [
      ([], ["input float [1, 12, 12, 1]", "output float probabilities"]),
      (["--logits"], ["output float logits"]),
      (integers, ["input int8 [1, 12, 12, 1]", "output int8 probabilities"]),
      (integers + ["--logits"], ["output int8 logits"]),
    ] {
      let run = try export("model.tflite", options)
      #expect(run.exitCode == 0, "\(run.errors)")
      #expect(words.allSatisfy(run.errors.contains), "\(run.errors)")
      let file = try bytes("model.tflite")
      #expect(Array(file[4..<8]) == Array("TFL3".utf8))
      // A tensor's name.
      let hasSoftmax = Data(file).range(of: Data("probabilities".utf8)) != nil
      #expect(hasSoftmax == !options.contains("--logits"))
    }
    let graph = try export("model.onnx", integers)
    #expect(graph.exitCode == 0 && graph.errors.contains("int8 inside"), "\(graph.errors)")
  }

  @Test func optionsThatWouldBeIgnoredAreRefused() throws {
    for (name, options) in [
      ("model.onnx", ["--logits"]), ("model.c", ["--logits"]), ("model.tflite", ["--normalize"]),
      ("model.tflite", ["--data", "data"]), ("model.tflite", ["--calibration", "9"]),
      ("model.safetensors", ["--int8", "--data", "data"]),
      ("model.onnx", ["--int8", "--data", "data", "--fold-batch-norm"]),
    ] {
      #expect(try export(name, options).exitCode == 64, "\(name) \(options)")
    }
    #expect(!(try scratch.names().contains { $0.hasPrefix("model.") }))
  }

  @Test func aCheckpointLosesWhatIsNotTheModels() throws {
    let checkpoint = try #require(try scratch.names("run/checkpoint").last)
    let run = try ptrain(
      ["export", "--checkpoint", "run/checkpoint/\(checkpoint)", "--output", "out.safetensors"])
    #expect(run.exitCode == 0, "\(run.errors)")
    let exported = try Safetensors(bytes("out.safetensors"), source: "x")
    let whole = try Safetensors(bytes("run/checkpoint/\(checkpoint)"), source: "x")
    let model = try Safetensors(bytes("run/model.safetensors"), source: "x")
    #expect(exported.tensors.map(\.name) == model.tensors.map(\.name))
    #expect(exported.tensors == Array(whole.tensors.prefix(exported.tensors.count)))
    #expect(exported.metadata == model.metadata)
  }

  @Test func refusesWhatItCannotDo() throws {
    #expect(try export("model.pt").exitCode == 64)
    #expect(try export("model.safetensors", ["--normalize"]).exitCode == 64)
    #expect(try export("nowhere/model.onnx").exitCode == 73)
    let missing = ["export", "--checkpoint", "none.safetensors", "--output", "model.onnx"]
    #expect(try ptrain(missing).exitCode == 66)
    let foreign = Safetensors(tensors: [.init(name: "fc1.bias", shape: [1], values: [0])])
    try scratch.write(foreign.bytes, to: "foreign.safetensors")
    let refused = try ptrain(
      ["export", "--checkpoint", "foreign.safetensors", "--output", "model.onnx"])
    #expect(refused.exitCode == 65)
    #expect(refused.errors.contains("carries no description"))
    #expect(!(try scratch.names().contains { $0.hasPrefix("model.") }))
  }

  /// The labels are `sample % 4`, and the accuracy counts the largest logits.
  @Test func logitsAreThoseOfTheResult() throws {
    let run = try ptrain(
      ["eval", "--checkpoint", "run/model.safetensors", "--data", "data", "--json"]
        + ["--logits", "logits.safetensors"])
    #expect(run.exitCode == 0, "\(run.errors)")
    let file = try Safetensors(bytes("logits.safetensors"), source: "x")
    let logits = try #require(file.tensors.first)
    #expect(logits.name == "logits")
    #expect(logits.shape == [40, 4])
    let correct = (0..<40).count { sample in
      let row = logits.values[4 * sample..<4 * sample + 4]
      return row.firstIndex(of: row.max()!)! - row.startIndex == sample % 4
    }
    #expect(run.output.contains(#""test_correct":\#(correct),"#))
    let wrongName = ["--logits", "logits.csv"]
    #expect(
      try ptrain(["eval", "--checkpoint", "run/model.safetensors"] + wrongName).exitCode == 64)
  }
}
