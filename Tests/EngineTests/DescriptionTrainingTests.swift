// Every description of the repository trains: network, plan, and a step that changes the weights.
// What is shown to a reader must not be refused to him.

import Foundation
import PTrainDatasets
import PTrainNetworks
import Testing

@testable import PTrainEngine

@Suite struct DescriptionTrainingTests {
  private static let root = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()

  /// Paths from the repository's root.
  static let files: [String] = [
    "Bench", "Bench/networks", "Bench/variants", "Sources/Networks/Presets",
  ].flatMap {
    folder in
    let names = try? FileManager.default.contentsOfDirectory(
      atPath: root.appending(path: folder).path)
    return (names ?? []).filter { $0.hasSuffix(".yaml") }.sorted().map { "\(folder)/\($0)" }
  }

  @Test func allAreThere() {
    #expect(Self.files.count >= ModelDescription.presetNames.count + 10)
    for name in ModelDescription.presetNames {
      #expect(Self.files.contains("Sources/Networks/Presets/\(name).yaml"))
    }
  }

  @Test(arguments: files)
  func trains(file: String) throws {
    let text = try String(contentsOf: Self.root.appending(path: file), encoding: .utf8)
    try train(ModelDescription.parse(yaml: text, source: file))
  }

  @Test(arguments: [
    ("Sources/Networks/Networks.docc/Descriptions.md", 2),
    ("Sources/PTrain/PTrain.docc/YourOwnNetwork.md", 1),
  ])
  func theExamplesOfArticlesTrain(file: String, count: Int) throws {
    let article = try String(contentsOf: Self.root.appending(path: file), encoding: .utf8)
    let blocks = article.components(separatedBy: "```yaml\n").dropFirst().map {
      $0.components(separatedBy: "```")[0]
    }
    #expect(blocks.count == count)
    for block in blocks { try train(ModelDescription.parse(yaml: block, source: file)) }
  }

  /// One step on nine images, so that the last shard holds one; in colour where filters whiten patches, of
  /// which a grey image has too few values for them.
  private func train(_ description: ModelDescription) throws {
    let channels = description.recipe.whiten > 0 ? 3 : 1
    let input = Shape(channels: channels, height: 28, width: 28)
    let network = try Network(description: description, input: input, classCount: 10)
    let images = (0..<9 * input.count).map {
      UInt8(truncatingIfNeeded: $0 &* 7919 &+ $0 / 784 &* 131)
    }
    let set = try ImageSet(
      height: 28, width: 28, channels: channels, images: images, labels: (0..<9).map { UInt16($0) })
    let start = ModelState.initial(network: network, seed: 1)
    let session = try Session(
      network, state: start, configuration: TestData.configuration(), sampleCapacity: 9,
      recipe: description.recipe)
    let normalization = Normalization(
      means: Array(repeating: 0.5, count: channels),
      standardDeviations: Array(repeating: 0.3, count: channels))
    let losses = try session.trainingLosses(
      set, normalization, order: [UInt32](0..<9), recipe: description.recipe)
    #expect(losses.count == 1 && losses.allSatisfy { $0.isFinite })
    let end = session.state
    let frozenCount = try network.frozenCount(description.recipe)
    for tensor in network.layout.tensors where tensor.role == .weight {
      #expect(
        (Array(start.values[tensor.range]) == Array(end.values[tensor.range]))
          == (tensor.offset < frozenCount), "\(tensor.name)")
    }
    #expect(end.values.allSatisfy { $0.isFinite })
  }
}
