// Answers about images, and models as files.

import Foundation
import PTrain
import Testing

@Suite struct PredictorTests {
  private let model: TrainedModel
  private let test: ImageSet

  init() throws {
    let dataset = try Samples.dataset()
    model = try Trainer(Samples.network(), on: dataset).run()
    test = dataset.test
  }

  private func image(_ index: Int) throws -> Image {
    let isBelow = index % 2 == 1
    let pixels = (0..<144).map { place in UInt8((place < 72) == isBelow ? 30 : 190) }
    return try Image(height: 12, width: 12, pixels: pixels)
  }

  @Test func tellsTheClass() throws {
    let predictor = try Predictor(model)
    let answers = try predictor.classify([image(0), image(1)])
    #expect(answers.map(\.label) == ["above", "below"])
    #expect(answers.map(\.index) == [0, 1])
    for answer in answers {
      #expect(answer.logits.count == 2)
      #expect(answer.probability > 0.5)
      #expect(abs(answer.probabilities.reduce(0, +) - 1) < 1e-12)
    }
    #expect(try predictor.classify(image(0)) == answers[0])
    #expect(try predictor.classify([Image]()).isEmpty)
  }

  /// Images of other sizes and colours become what the model takes.
  @Test func preparesImages() throws {
    let predictor = try Predictor(model)
    let pixels = (0..<24 * 24 * 3).map { UInt8($0 < 24 * 12 * 3 ? 190 : 30) }
    let colour = try Image(height: 24, width: 24, channels: 3, pixels: pixels)
    #expect(try predictor.classify(colour) == predictor.classify(image(0)))
  }

  @Test func answersManyThreads() async throws {
    let predictor = try Predictor(model, machine: Machine(threadCount: 2))
    let images = try (0..<20).map(image)
    let expected = try images.map { try predictor.classify($0) }
    let answers = try await withThrowingTaskGroup(of: (Int, Prediction).self) { group in
      for (index, image) in images.enumerated() {
        group.addTask { (index, try predictor.classify(image)) }
      }
      return try await group.reduce(into: [Int: Prediction]()) { $0[$1.0] = $1.1 }
    }
    for (index, prediction) in expected.enumerated() { #expect(answers[index] == prediction) }
  }

  @Test func modelsAreFiles() throws {
    let file = FileManager.default.temporaryDirectory.appending(path: "\(UUID()).safetensors")
    defer { try? FileManager.default.removeItem(at: file) }
    let path = file.path
    try model.write(to: path)
    let read = try TrainedModel(contentsOf: path)
    #expect(read == model)
    #expect(read.digest == model.digest)
    #expect(read.classNames == Samples.classNames)
    #expect(read.parameterCount == 8 * 9 + 8 + 16 + 8 * 8 * 9 + 8 + 8 * 2 + 2)
    #expect(throws: PTrainError.self) { try TrainedModel(contentsOf: path + ".other") }
  }

  @Test func refusesImagesThatAreNone() {
    #expect(throws: PTrainError.self) { try Image(height: 2, width: 2, pixels: [1]) }
    #expect(throws: PTrainError.self) {
      try Image(height: 1, width: 1, channels: 2, pixels: [1, 2])
    }
    #expect(throws: PTrainError.self) { try Image(encoded: [1, 2, 3]) }
    #expect(throws: PTrainError.self) { try Image(contentsOf: "/nowhere/at/all.png") }
  }
}
