// Networks in 8-bit integers from the command line: what is told, written and refused.

import Foundation
import PTrainArtifacts
import Testing

@Suite struct QuantizationTests {
  let scratch: Scratch

  init() throws { scratch = try .withRun(epochs: 2) }

  private func ptrain(_ arguments: [String]) throws -> CommandLineRun {
    try CommandLineRun(arguments, in: scratch)
  }

  private func eval(_ options: [String]) throws -> CommandLineRun {
    try ptrain(["eval", "--checkpoint", "run/model.safetensors", "--data", "data"] + options)
  }

  private func export(_ options: [String]) throws -> CommandLineRun {
    try ptrain(["export", "--checkpoint", "run/model.safetensors"] + options)
  }

  /// The accuracy is that of the integers that `--logits` writes; the labels are `sample % 4`.
  @Test func theResultIsThatOfTheIntegers() throws {
    let run = try eval(["--int8", "--calibration", "20", "--json", "--logits", "l.safetensors"])
    #expect(run.exitCode == 0, "\(run.errors)")
    let bytes = [UInt8](try Data(contentsOf: scratch.url.appendingPathComponent("l.safetensors")))
    let tensors = try Safetensors(bytes, source: "x").tensors
    #expect(tensors.map(\.name) == ["logits", "logits.int8"])
    let integers = tensors[1].values
    #expect(tensors[1].shape == [40, 4])
    #expect(integers.allSatisfy { $0 == $0.rounded() && abs($0) <= 128 })
    let correct = (0..<40).count { sample in
      let row = integers[4 * sample..<4 * sample + 4]
      return row.firstIndex(of: row.max()!)! - row.startIndex == sample % 4
    }
    #expect(run.output.contains(#""int8":{"test_correct":\#(correct),"test_accuracy":"#))
    #expect(run.output.contains(#"{"name":"conv1","signal_to_noise":"#))
    let text = try eval(["--int8", "--ranges", "min-max"])
    let lines = text.output.split(separator: "\n")
    #expect(lines.count == 3)
    #expect(lines[1].hasPrefix("int8: Accuracy: ") && lines[1].hasSuffix(" float"))
    #expect(lines[2].hasPrefix("Signal to noise, the layers that add most first: "))
    #expect(!(try eval(["--json"]).output.contains("int8")))
  }

  @Test func writesProgramsForMicrocontrollers() throws {
    let run = try export(["--int8", "--data", "data", "--output", "out.c"])
    #expect(run.exitCode == 0, "\(run.errors)")
    let header = try scratch.text(of: "out.h")
    #expect(header.contains("int out_predict(const uint8_t *image, int8_t *logits);"))
    let sizes = try #require(header.split(separator: "\n").first { $0.contains("of RAM") })
    #expect(run.errors.contains("out_predict, " + sizes.drop { !$0.isNumber }.dropLast(3)))
    #expect(try scratch.text(of: "out.c").contains("static const int8_t conv1_weight[72]"))
    let swift = try export(["--int8", "--data", "data", "--output", "out.swift"])
    #expect(swift.exitCode == 0, "\(swift.errors)")
    #expect(try scratch.text(of: "out.swift").contains("public func out_predict("))
    #expect(swift.errors.contains("int8: Accuracy: "))
  }

  /// The recipe's last epochs; the model says so, and is tested in floating point.
  @Test func trainsForIntegers() throws {
    let command = ["--model", "tiny", "--epochs", "2", "--data", "data", "--set", "quantize=int8"]
    let run = try ptrain(command + ["--set", "quantizeEpochs=1", "--output", "whole"])
    #expect(run.exitCode == 0, "\(run.errors)")
    let (plain, trained) = try (
      scratch.text(of: "run/metrics.jsonl"), scratch.text(of: "whole/metrics.jsonl")
    )
    #expect(plain != trained)
    let tested = try ptrain(["eval", "--checkpoint", "whole/model.safetensors", "--data", "data"])
    let accuracy = try #require(run.output.split(separator: "\n").last { $0.contains("Accuracy") })
    #expect(tested.output.contains(accuracy))
    let reset = try ptrain(command + ["--set", "quantizeEpochs=0", "--output", "none"])
    #expect(reset.exitCode == 64)
  }

  @Test func refusesWhatItCannotDo() throws {
    #expect(try export(["--output", "out.swift"]).exitCode == 64)
    #expect(try export(["--int8", "--data", "data", "--output", "out.safetensors"]).exitCode == 64)
    for option in [["--data", "data"], ["--calibration", "9"], ["--threads", "1"]] {
      let run = try export(["--output", "out.c"] + option)
      #expect(run.exitCode == 64)
      #expect(run.errors.contains("\(option[0]): acts with --int8 only"))
    }
    #expect(try eval(["--ranges", "percentile"]).exitCode == 64)
    #expect(try eval(["--int8", "--calibration", "0"]).exitCode == 64)
    let description =
      "name: s\nlayers:\n  - conv: 4\n  - sigmoid\n  - flatten\n  - dense: classes\n"
    try scratch.write(Array(description.utf8), to: "s.yaml")
    let other = try ptrain(
      ["--model", "s.yaml", "--epochs", "1", "--data", "data", "--output", "other"])
    try #require(other.exitCode == 0, "\(other.errors)")
    let refused = try ptrain(
      ["export", "--checkpoint", "other/model.safetensors", "--int8", "--data", "data"]
        + ["--output", "other.c"])
    #expect(refused.exitCode == 65)
    #expect(refused.errors.contains("layer 2 (sigmoid): 8-bit integers have no sigmoid"))
    #expect(!(try scratch.names().contains { $0.hasPrefix("other.") }))
  }
}
