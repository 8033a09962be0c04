// Data of every form from the command line: what runs on it, what its run keeps, what is refused.

import Foundation
import PTrainArtifacts
import PTrainDatasets
import Testing

@Suite struct DataFormTests {
  let scratch = try! Scratch()

  private func run(_ arguments: [String]) throws -> CommandLineRun {
    try CommandLineRun(arguments, in: scratch)
  }

  /// Spectra of 49 frames with 10 coefficients, whose mean tells the class.
  private func spectra(_ count: Int, _ name: String, nan: Int? = nil) -> [NumPyArray] {
    var values = (0..<count * 490).map { (place: Int) -> Double in
      let (label, noise) = (Double(place / 490 % 3), Double(place * 37 % 101))
      return label * 0.75 + noise / 50 - 1
    }
    if let nan { values[nan * 490 + 17] = Double.nan }
    return [
      NumPyArray(name: "x_\(name)", type: "<f4", shape: [count, 49, 10], values: values),
      NumPyArray(
        name: "y_\(name)", type: "<i8", shape: [count], values: (0..<count).map { Double($0 % 3) }),
    ]
  }

  @Test func spectraTrainAndAreTestedAsFloats() throws {
    try scratch.write(ZipFixture(spectra(60, "train") + spectra(15, "test")).bytes, to: "s.npz")
    let words = ["--model", "ds-cnn", "--epochs", "2", "--batch-size", "20", "--data", "s.npz"]
    let trained = try run(words + ["--output", "run", "--threads", "2"])
    try #require(trained.exitCode == 0, "\(trained.errors)")
    let model = try TrainedModel(
      contentsOf: scratch.url.appendingPathComponent("run/model.safetensors").path)
    #expect(model.normalization.pixelType == .float)
    #expect(abs(model.normalization.means[0] - 0.75) < 0.05)
    #expect(model.network.input.height == 49 && model.network.input.width == 10)
    let tested = try run(["eval", "--checkpoint", "run/model.safetensors", "--data", "s.npz"])
    #expect(tested.output.split(separator: "\n").last == trained.output.split(separator: "\n").last)
    // Bytes are no floats.
    let bytes = (0..<4 * 490).map { Double($0 % 200) }
    let other = [
      NumPyArray(name: "x_test", shape: [4, 49, 10], values: bytes),
      NumPyArray(name: "y_test", shape: [4], values: [0, 1, 2, 0]),
    ]
    try scratch.write(ZipFixture(other).bytes, to: "bytes.npz")
    let refused = try run(["eval", "--checkpoint", "run/model.safetensors", "--data", "bytes.npz"])
    #expect(refused.exitCode == 65)
    #expect(refused.errors.contains("takes images of floats, the data has bytes"))
    let exported = try run(
      ["export", "--checkpoint", "run/model.safetensors", "--output", "m.onnx", "--normalize"])
    #expect(exported.exitCode == 0, "\(exported.errors)")
  }

  @Test func aValueThatIsNoNumberIsRefused() throws {
    try scratch.write(
      ZipFixture(spectra(12, "train", nan: 7) + spectra(3, "test")).bytes, to: "s.npz")
    let refused = try run(["--model", "ds-cnn", "--data", "s.npz", "--output", "run"])
    #expect(refused.exitCode == 65)
    #expect(
      refused.errors
        == "ptrain: s.npz: training sample 7 holds a NaN or an infinity; expected numbers\n")
    #expect(try scratch.names() == ["s.npz"])
  }

  /// The sample images as arrays.
  private func arrays(_ part: String, images: [UInt8], labels: [UInt8]) -> [NumPyArray] {
    [
      NumPyArray(
        name: "x_\(part)", shape: [labels.count - 8, 12, 12],
        values: images.dropFirst(16).map { Double($0) }),
      NumPyArray(
        name: "y_\(part)", shape: [labels.count - 8], values: labels.dropFirst(8).map { Double($0) }
      ),
    ]
  }

  private func rows(images: [UInt8], labels: [UInt8]) -> [UInt8] {
    let lines = labels.dropFirst(8).enumerated().map { sample, label in
      ([label] + images[16 + sample * 144..<16 + (sample + 1) * 144]).map { String($0) }
        .joined(separator: ",")
    }
    return Array(lines.joined(separator: "\r\n").utf8)
  }

  private static let model = [
    "--model", "m.yaml", "--epochs", "2", "--batch-size", "16", "--threads", "2",
  ]

  private func writeModel(_ recipe: String = "") throws {
    let text = """
      name: m
      layers:
        - conv: 8
        - batchNorm
        - relu
        - globalAveragePool
        - dense: classes
      recipe:
        learningRate: 0.01
      \(recipe)
      """
    try scratch.write(Array(text.utf8), to: "m.yaml")
  }

  private func start(_ run: String) throws -> [String: Any] {
    let line = try #require(scratch.text(of: "\(run)/metrics.jsonl").split(separator: "\n").first)
    let object = try JSONSerialization.jsonObject(with: Data(line.utf8))
    return try #require(object as? [String: Any])
  }

  private func digest(_ run: String) throws -> String {
    let text = try scratch.text(of: "\(run)/metrics.jsonl")
    return try #require(text.split(separator: "\"digest\":\"").last.map { String($0.prefix(64)) })
  }

  @Test func everyFormGivesTheSameRun() throws {
    let data = SampleData()
    try data.write(to: scratch)
    try writeModel()
    let archive = ZipFixture(
      arrays("train", images: data.files[0], labels: data.files[1])
        + arrays("test", images: data.files[2], labels: data.files[3]), .deflated)
    try scratch.write(archive.bytes, to: "a.npz")
    try FileManager.default.createDirectory(
      at: scratch.url.appendingPathComponent("tables"), withIntermediateDirectories: true)
    try scratch.write(rows(images: data.files[0], labels: data.files[1]), to: "tables/train.csv")
    try scratch.write(rows(images: data.files[2], labels: data.files[3]), to: "tables/test.csv")
    for (name, path) in [("idx", "data"), ("npz", "a.npz"), ("csv", "tables")] {
      let run = try run(Self.model + ["--data", path, "--output", name])
      try #require(run.exitCode == 0, "\(run.errors)")
    }
    let (idx, npz, csv) = try (start("idx"), start("npz"), start("csv"))
    #expect(idx["classes"] as? [String] == ["0", "1", "2", "3"])
    #expect(idx["data_digest"] as? String == npz["data_digest"] as? String)
    #expect(idx["data_digest"] as? String == csv["data_digest"] as? String)
    #expect(try digest("idx") == digest("npz"))
    #expect(try digest("idx") == digest("csv"))
  }

  @Test func aTestSetIsDrawnWhereThereIsNone() throws {
    let data = SampleData()
    try writeModel()
    try scratch.write(
      ZipFixture(arrays("train", images: data.files[0], labels: data.files[1])).bytes, to: "a.npz")
    let words = Self.model + ["--data", "a.npz", "--test-share", "0.25", "--validation", "0.125"]
    let trained = try run(words + ["--output", "run"])
    try #require(trained.exitCode == 0, "\(trained.errors)")
    #expect(
      trained.errors.contains(
        "No test set in a.npz: it is 24 of the 96 images, 0.25 of each class, drawn by seed 1\n"))
    let first = try start("run")
    #expect(first["train_samples"] as? Int == 64)
    #expect(first["test_samples"] as? Int == 24)
    #expect(try scratch.text(of: "run/metrics.jsonl").contains("\"validation_accuracy\":"))
    // The rest of a run draws the same; another share contradicts it.
    let again = try run(["--resume", "run"])
    #expect(again.exitCode == 0, "\(again.errors)")
    let refused = try run(["--resume", "run", "--test-share", "0.5"])
    #expect(refused.exitCode == 64)
    #expect(refused.errors.contains("--test-share 0.5: contradicts the run"))
    // What has a test set keeps it.
    try data.write(to: scratch)
    let kept = try run(Self.model + ["--data", "data", "--test-share", "0.5", "--output", "x"])
    #expect(kept.exitCode == 64)
    #expect(kept.errors.contains("--test-share: data has a test set of its own (40 images)"))
  }

  @Test func rowsAndColumnsChangePlaces() throws {
    try SampleData().write(to: scratch)
    try writeModel()
    for (name, words) in [("plain", []), ("turned", ["--transpose"])] {
      let run = try run(Self.model + ["--data", "data", "--output", name] + words)
      try #require(run.exitCode == 0, "\(run.errors)")
    }
    #expect(try digest("plain") != digest("turned"))
    let again = try run(["--resume", "turned"])
    #expect(again.exitCode == 0, "\(again.errors)")
    #expect(try run(["--resume", "plain", "--transpose"]).exitCode == 64)
  }

  @Test func whatHoldsNoDataIsTold() throws {
    try scratch.write([1, 2, 3], to: "x.bin")
    for path in ["x.bin", "."] {
      let refused = try run(["--data", path])
      #expect(refused.exitCode == 66)
      #expect(refused.errors.contains("\(path): holds no dataset; expected the four IDX files"))
    }
  }

  // MARK: Other classes, frozen layers, weights

  @Test func aModelGoesOnWithOtherClasses() throws {
    try SampleData().write(to: scratch)
    try writeModel()
    let first = try run(Self.model + ["--data", "data", "--output", "first"])
    try #require(first.exitCode == 0, "\(first.errors)")
    // Two classes instead of four.
    var data = SampleData()
    for part in [1, 3] { for place in 8..<data.files[part].count { data.files[part][place] %= 2 } }
    try data.write(to: scratch)
    let words = Self.model + ["--data", "data", "--from", "first/model.safetensors"]
    let refused = try run(words + ["--output", "refused"])
    #expect(refused.exitCode == 65)
    #expect(refused.errors.contains("--reset-head begins the last layer anew"))
    try writeModel("  freeze: 2")
    let second = try run(words + ["--reset-head", "--output", "second"])
    try #require(second.exitCode == 0, "\(second.errors)")
    let (before, after) = try (model("first"), model("second"))
    #expect(after.network.classCount == 2)
    for tensor in after.network.layout.tensors where !tensor.name.hasPrefix("fc") {
      #expect(before.state[tensor.name] == after.state[tensor.name], "\(tensor.name)")
    }
    let tested = try run(["eval", "--checkpoint", "second/model.safetensors", "--data", "data"])
    #expect(tested.output.split(separator: "\n").last == second.output.split(separator: "\n").last)
    #expect(try run(["--reset-head"]).exitCode == 64)
    try writeModel("  freeze: 3")
    let whole = try run(Self.model + ["--data", "data", "--output", "x"])
    #expect(whole.exitCode == 65)
    #expect(whole.errors.contains("freeze: 3 layers, but m has 3 with parameters"))
  }

  /// What a run begins with is the file's, and a recipe that whitens says so.
  @Test func aModelToStartFromIsNotWhitened() throws {
    try SampleData().write(to: scratch)
    try writeModel("  whiten: 0.01")
    let first = try run(Self.model + ["--data", "data", "--output", "first"])
    try #require(first.exitCode == 0, "\(first.errors)")
    let words = ["--data", "data", "--from", "first/model.safetensors"]
    let second = try run(words + ["--seed", "2", "--output", "second"])
    try #require(second.exitCode == 0, "\(second.errors)")
    let kept = "whiten: the first convolution keeps the weights of first/model.safetensors\n"
    #expect(second.errors.contains(kept) && !first.errors.contains("whiten"))
    let (before, after) = try (model("first"), model("second"))
    #expect(before.state["conv1.weight"] == after.state["conv1.weight"])
    #expect(before.state["conv1.bias"] != after.state["conv1.bias"])
    let refused = try run(words + ["--set", "whiten=0.5", "--output", "refused"])
    #expect(refused.exitCode == 64)
    #expect(refused.errors.contains("--set whiten=0.5: acts on the weights of a new run"))
  }

  private func model(_ run: String) throws -> TrainedModel {
    try TrainedModel(
      contentsOf: scratch.url.appendingPathComponent("\(run)/model.safetensors").path)
  }

  @Test func classesCountByTheirWeights() throws {
    try SampleData().write(to: scratch)
    var digests: [String] = []
    for (name, recipe) in [
      ("even", "  classWeights: none"), ("balanced", "  classWeights: balanced"),
      ("named", "  classWeights: {\"1\": 5, \"3\": 0.25}"),
    ] {
      try writeModel(recipe)
      let run = try run(Self.model + ["--data", "data", "--output", name])
      try #require(run.exitCode == 0, "\(run.errors)")
      digests.append(try digest(name))
      let again = try self.run(["--resume", name])
      #expect(again.exitCode == 0, "\(again.errors)")
    }
    // The sample's classes are of one size.
    #expect(digests[0] == digests[1])
    #expect(digests[0] != digests[2])
    try writeModel("  classWeights: {cat: 2}")
    let refused = try run(Self.model + ["--data", "data", "--output", "x"])
    #expect(refused.exitCode == 65)
    #expect(
      refused.errors.contains("classWeights: the data has no class `cat`; its classes are 0,"))
  }
}
