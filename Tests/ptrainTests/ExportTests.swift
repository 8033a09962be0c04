// What other programs get: exported files, and the logits that they are compared by.

import Artifacts
import Foundation
import Testing

@Suite struct ExportTests {
  let scratch: Scratch

  init() throws {
    scratch = try Scratch()
    try SampleData().write(to: scratch)
    let run = try ptrain(["--model", "tiny", "--epochs", "1", "--data", "data", "--output", "run"])
    try #require(run.exitCode == 0, "\(run.errors)")
  }

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
