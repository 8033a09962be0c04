// Predictions by the binary: the logits of `eval`, whatever form the images come in, and files that are none.

import Foundation
import PTrainArtifacts
import Testing

@Suite struct PredictTests {
  private struct Answer: Decodable {
    struct Guess: Decodable {
      let name: String
      let probability: Double

      init(from decoder: any Decoder) throws {
        var list = try decoder.unkeyedContainer()
        name = try list.decode(String.self)
        probability = try list.decode(Double.self)
      }
    }

    let file: String
    let index: Int?
    let label: String
    let probability: Double
    let top: [Guess]
    let logits: [Float]
  }

  private let scratch: Scratch
  private let data = SampleData()

  init() throws {
    scratch = try Scratch()
    try data.write(to: scratch)
    let run = try ptrain(["--model", "tiny", "--epochs", "4", "--data", "data", "--output", "run"])
    try #require(run.exitCode == 0, "\(run.errors)")
  }

  private func ptrain(_ arguments: [String]) throws -> CommandLineRun {
    try CommandLineRun(arguments, in: scratch)
  }

  private func predict(_ arguments: [String]) throws -> CommandLineRun {
    try ptrain(["predict", "--model", "run/model.safetensors"] + arguments)
  }

  private func answers(_ run: CommandLineRun) throws -> [Answer] {
    try run.output.split(separator: "\n").map {
      try JSONDecoder().decode(Answer.self, from: Data($0.utf8))
    }
  }

  /// Logits of the test images `[40, 4]`.
  private func logits() throws -> [[Float]] {
    let run = try ptrain(
      ["eval", "--checkpoint", "run/model.safetensors", "--data", "data"]
        + ["--logits", "logits.safetensors"])
    try #require(run.exitCode == 0, "\(run.errors)")
    let bytes = try Data(contentsOf: scratch.url.appendingPathComponent("logits.safetensors"))
    let values = try Safetensors(Array(bytes), source: "x").tensors[0].values
    return (0..<40).map { Array(values[4 * $0..<4 * $0 + 4]) }
  }

  private func pixels(_ sample: Int) -> ArraySlice<UInt8> {
    let size = SampleData.side * SampleData.side
    return data.files[2][16 + sample * size..<16 + (sample + 1) * size]
  }

  /// The test images as files whose names sort as their places.
  private func writePictures(to folder: String) throws {
    try FileManager.default.createDirectory(
      at: scratch.url.appendingPathComponent(folder), withIntermediateDirectories: true)
    for sample in 0..<40 {
      let (name, head) = ("\(folder)/\(100 + sample)", "P5\n12 12\n255\n")
      try scratch.write(Array(head.utf8) + pixels(sample), to: name)
    }
  }

  @Test func logitsAreThoseOfEval() throws {
    let expected = try logits()
    try writePictures(to: "pictures/deep")
    for (arguments, files) in [
      (["pictures", "--threads", "2"], (100..<140).map { "pictures/deep/\($0)" }),
      (["data/t10k-images-idx3-ubyte"], Array(repeating: "data/t10k-images-idx3-ubyte", count: 40)),
    ] {
      let run = try predict(arguments + ["--json"])
      try #require(run.exitCode == 0, "\(run.errors)")
      let answers = try answers(run)
      #expect(answers.map(\.file) == files)
      #expect(answers.map(\.logits) == expected)
    }
    // Alone, as the last of several, and twice.
    let one = try predict(["pictures/deep/103", "pictures/deep/100", "pictures/deep/103", "--json"])
    #expect(try answers(one).map(\.logits) == [expected[3], expected[0], expected[3]])
  }

  @Test func answersInEveryForm() throws {
    try writePictures(to: "a, b")
    let json = try answers(predict(["a, b/107", "--json", "--top", "9"]))[0]
    #expect(json.label == json.top[0].name && json.probability == json.top[0].probability)
    #expect(Set(json.top.map(\.name)) == ["0", "1", "2", "3"] && json.index == nil)
    #expect(abs(json.top.reduce(0) { $0 + $1.probability } - 1) < 1e-12)
    let (first, second) = (json.top[0], json.top[1])
    let text = try predict(["a, b/107", "--top", "2"]).output
    let percent = [first, second].map {
      "\($0.name) \(String(format: "%.2f", 100 * $0.probability))%"
    }
    #expect(text == "a, b/107: \(percent[0]), \(percent[1])\n")
    let table = try predict(["a, b/107", "--csv", "--top", "2"]).output
    #expect(
      table == "file,index,label,probability,label2,probability2\n"
        + "\"a, b/107\",,\(first.name),\(first.probability),\(second.name),\(second.probability)\n")
    let places = try answers(predict(["data/t10k-images-idx3-ubyte", "--json"])).map(\.index)
    #expect(places == Array(0..<40))
  }

  /// The others are answered, in order; files of a folder that begin as no image do not count.
  @Test func badFilesAreToldAndPassedOver() throws {
    try writePictures(to: "pictures")
    try scratch.write(Array("P5\n12 12\n255\n".utf8) + pixels(1).prefix(100), to: "pictures/101")
    try scratch.write(Array("a list".utf8), to: "pictures/102")
    try scratch.write(Array("GIF89a".utf8), to: "pictures/103")
    try scratch.write([], to: "pictures/.hidden")
    let run = try predict(["none.png", "pictures", "data/train-labels-idx1-ubyte", "--json"])
    #expect(run.exitCode == 65)
    #expect(
      try answers(run).map(\.file) == ([100] + Array(104..<140)).map { "pictures/\($0)" })
    let lines = run.errors.split(separator: "\n")
    #expect(lines.count == 6, "\(run.errors)")
    #expect(lines[0].hasPrefix("ptrain: none.png: "))
    #expect(run.errors.contains("\nptrain: pictures/101: "))
    #expect(run.errors.contains("\nptrain: pictures/103: is GIF, which is not decoded"))
    #expect(run.errors.contains("\nptrain: data/train-labels-idx1-ubyte: "))
    #expect(run.errors.contains("\n1 file passed over: no images\n"))
    #expect(lines.last == "ptrain: 4 images could not be read; the others are answered")
  }

  @Test func otherSizesAreMadeToFit() throws {
    let row = { (sample: Int, y: Int) in Array(self.pixels(sample).dropFirst(12 * y).prefix(12)) }
    let doubled = (0..<24).flatMap { y in row(5, y / 2).flatMap { [$0, $0] } }
    try scratch.write(Array("P5\n24 24\n255\n".utf8) + doubled, to: "large.pgm")
    let colored = pixels(5).flatMap { [$0, $0, $0] }
    try scratch.write(Array("P6\n12 12\n255\n".utf8) + colored, to: "colored.ppm")
    let found = try answers(predict(["large.pgm", "colored.ppm", "--json"])).map(\.logits)
    #expect(try found == [logits()[5], logits()[5]])
  }

  @Test func refusesWhatItCannotDo() throws {
    try expectRefusal(
      ["predict", "--model", "none.safetensors", "x"], in: scratch, exitCode: 66,
      naming: "none.safetensors")
    try expectRefusal(
      ["predict", "--model", "run/model.safetensors"], in: scratch, exitCode: 64, naming: "image")
    for (wrong, part) in [(["--top", "0"], "--top 0"), (["--json", "--csv"], "--csv: --json")] {
      try expectRefusal(
        ["predict", "--model", "run/model.safetensors", "x"] + wrong, in: scratch, exitCode: 64,
        naming: part)
    }
    try scratch.write(Array("notes".utf8), to: "run/notes")
    let empty = try predict(["run/checkpoint"])
    #expect(empty.exitCode == 66 && empty.errors.contains("2 files passed over: no images\n"))
  }
}
