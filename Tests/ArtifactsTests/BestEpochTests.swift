// What a checkpoint knows of the best epoch, and what it cannot know.

import PTrainArtifacts
import PTrainDiagnostics
import PTrainEngine
import Testing

@Suite struct BestEpochTests {
  /// Earlier versions told only that a run is finished.
  @Test func readsOneThatKnowsNoBestEpoch() throws {
    var file = try Safetensors(sampleCheckpoint().bytes, source: "x")
    file.tensors.removeAll { $0.name == "best" }
    file.metadata.removeAll { $0.key.hasPrefix("position.best_v") }
    file.metadata.removeAll { $0.key == "position.best_test_epoch" }
    let place = try #require(file.metadata.firstIndex { $0.key == "position.finished" })
    file.metadata[place].value = "true"
    let position = try Checkpoint(sealed(file), source: "x").snapshot.position
    #expect(position.end == .epochs && position.bestTestEpoch == 0)
    #expect(position.bestTestAccuracy == 98.4 && position.bestValidationLoss == nil)
  }

  @Test(arguments: [
    ("position.best_validation_epoch", "2"), ("position.best_validation_epoch", "0"),
    ("position.best_validation_loss", "nan"), ("position.best_test_epoch", "-1"),
    ("position.end", "patience"),
  ])
  func refusesABestEpochThatCannotBe(key: String, value: String) throws {
    var file = try Safetensors(sampleCheckpoint().bytes, source: "x")
    file.metadata.removeAll { $0.key == key }
    file.metadata.append(.init(key, value))
    #expect(throws: Failure.self) { try Checkpoint(sealed(file), source: "x") }
  }

  @Test func refusesABestEpochWithoutItsModel() throws {
    var file = try Safetensors(sampleCheckpoint().bytes, source: "x")
    file.tensors.removeAll { $0.name == "best" }
    #expect(throws: Failure.self) { try Checkpoint(sealed(file), source: "x") }
  }
}
