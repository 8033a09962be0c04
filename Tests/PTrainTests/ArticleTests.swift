// The code of README and articles, run: Scripts/check compares each part with what stands there.

import Foundation
import PTrain
import Testing

@Suite struct ArticleTests {
  private let dataset: Dataset
  private let network = Samples.network()
  private let file = FileManager.default.temporaryDirectory.appending(path: "\(UUID())").path

  init() throws { dataset = try Samples.dataset() }

  @Test func trainsAndAsks() throws {
    defer { try? FileManager.default.removeItem(atPath: file) }
    // article: train
    let trainer = try Trainer(network, on: dataset)
    let model = try trainer.run { event in
      if case .epoch(let epoch) = event { print(epoch.epoch, epoch.test.accuracy) }
    }
    try model.write(to: file)
    // end of article
    let pixels = (0..<144).map { UInt8($0 < 72 ? 190 : 30) }
    let image = try Image(height: 12, width: 12, pixels: pixels)
    // article: ask
    let predictor = try Predictor(TrainedModel(contentsOf: file))
    let answer = try predictor.classify(image)
    print(answer.label, answer.probability)
    // end of article
    #expect(answer.label == "above")
  }

  @Test func exports() throws {
    let folder = file
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let file = folder + "/model.safetensors"
    try Trainer(network, on: dataset).run().write(to: file)
    // article: export
    let model = try TrainedModel(contentsOf: file)
    try model.export(as: .onnx(normalizes: true), to: folder + "/model.onnx")

    let integers = try QuantizedModel(model, calibratedOn: dataset.training)
    print(try integers.accuracy(on: dataset.test))
    try integers.export(as: .c, to: folder + "/model.c")
    // end of article
    let names = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
    #expect(names == ["model.c", "model.h", "model.onnx", "model.safetensors"])
  }

  @Test func resumes() async throws {
    defer { try? FileManager.default.removeItem(atPath: file) }
    let trainer = try Trainer(network, on: dataset)
    // article: resume
    var checkpoint: Checkpoint?
    for try await event in trainer.events() {
      if case .step(let step) = event, step.step == 3 {
        checkpoint = trainer.checkpoint()
        break
      }
    }
    try checkpoint?.write(to: file)

    let rest = try Trainer(resuming: Checkpoint(contentsOf: file), on: dataset)
    let model = try rest.run()
    // end of article
    #expect(try model == Trainer(network, on: dataset).run())
  }

  @Test func readsArrays() throws {
    let (pixels, labels) = ([UInt8](repeating: 7, count: 8 * 144), (0..<8).map { UInt16($0 % 2) })
    let test = try Samples.set(32)
    // article: data
    let training = try ImageSet(
      height: 12, width: 12, images: pixels, labels: labels, classNames: ["above", "below"])
    var dataset = try Dataset(name: "halves", training: training, test: test)
    try dataset.holdOutValidation(.share(0.25), seed: 1)
    // end of article
    #expect(dataset.training.count == 6)
    #expect(dataset.validation?.count == 2)
  }

  @Test func writesNetworks() throws {
    // article: network
    var recipe = Recipe()
    (recipe.epochs, recipe.batchSize, recipe.learningRate) = (5, 128, 0.002)
    let network = ModelDescription("small", recipe: recipe) {
      Layer.conv(16, padding: 1, bias: false)
      Layer.batchNorm
      Layer.relu
      Layer.maxPool(size: 2)
      Layer.residual {
        Layer.conv(16, padding: 1)
        Layer.relu
      }
      Layer.globalAveragePool
      Layer.classes
    }
    // end of article
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let article = try String(
      contentsOf: root.appending(path: "Sources/PTrain/PTrain.docc/YourOwnNetwork.md"),
      encoding: .utf8)
    let yaml = try #require(
      article.components(separatedBy: "```yaml\n").last?.components(separatedBy: "```").first)
    #expect(try ModelDescription.parse(yaml: yaml, source: "article") == network)
  }
}
