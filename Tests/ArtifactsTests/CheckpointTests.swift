// Checkpoints: every damage is noticed, the one before is used, and only two are kept.

import Artifacts
import Diagnostics
import Engine
import Testing

/// A checkpoint after `step` steps, with a value in every field.
private func sampleCheckpoint(step: Int = 7) throws -> Checkpoint {
  let model = try sampleModel(seed: step)
  let count = model.state.values.count
  var position = TrainingPosition()
  (position.epoch, position.step, position.runStep) = (2, 3, step)
  (position.lossSum, position.correctCount) = (0.1 + 0.2, 5)
  (position.epochSeconds, position.runSeconds) = (1.0 / 3, 1e-300)
  (position.testAccuracy, position.bestTestAccuracy) = (98.31, 98.4)
  var settings = RunSettings(
    seed: .max,
    data: DataFingerprint(
      name: "MNIST", trainSampleCount: 100, testSampleCount: 50,
      normalization: model.normalization))
  (settings.limitTrain, settings.limitTest, settings.targetAccuracy) = (100, 50, 99.5)
  settings.validationCount = 20
  (settings.checkpointInterval, settings.dataDirectory) = (10, "/data with \"quotes\"")
  return Checkpoint(
    model: model,
    snapshot: TrainingSnapshot(
      model: model.state, firstMoment: (0..<count).map { Float($0) / 3 },
      secondMoment: (0..<count).map { -Float($0) / 9 },
      average: (0..<count).map { Float($0) / 11 }, position: position),
    settings: settings)
}

/// Changes at fixed but scattered places.
private struct Scatter {
  private var state: UInt64 = 88_172_645_463_325_252

  mutating func next(below bound: Int) -> Int {
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    return Int(state % UInt64(bound))
  }
}

@Suite struct CheckpointTests {
  @Test func readsWhatItWrote() throws {
    let checkpoint = try sampleCheckpoint()
    #expect(try Checkpoint(checkpoint.bytes, source: "x") == checkpoint)
  }

  @Test func readsWhatItWroteWithoutOptions() throws {
    var checkpoint = try sampleCheckpoint()
    checkpoint.settings = RunSettings(seed: 1, data: checkpoint.settings.data)
    checkpoint.snapshot.position.isFinished = true
    #expect(try Checkpoint(checkpoint.bytes, source: "x") == checkpoint)
  }

  @Test func noticesEveryFlippedByte() throws {
    let bytes = try sampleCheckpoint().bytes
    for index in bytes.indices {
      var damaged = bytes
      damaged[index] ^= UInt8(1 << (index % 8))
      #expect(throws: Failure.self, "byte \(index)") { try Checkpoint(damaged, source: "x") }
    }
  }

  @Test func noticesEveryCut() throws {
    let bytes = try sampleCheckpoint().bytes
    for count in stride(from: 0, to: bytes.count, by: 7) {
      #expect(throws: Failure.self) { try Checkpoint(Array(bytes[..<count]), source: "x") }
    }
    #expect(throws: Failure.self) { try Checkpoint(bytes + [0], source: "x") }
  }

  @Test func aModelFileIsNoCheckpoint() throws {
    let model = try sampleModel()
    #expect(throws: Failure.self) { try Checkpoint(model.safetensors.bytes, source: "x") }
  }
}

@Suite struct CheckpointStoreTests {
  let temporary = TemporaryDirectory()
  var store: CheckpointStore { CheckpointStore(directory: temporary.path + "/run/checkpoint") }

  private func load() throws -> (checkpoint: Checkpoint, warnings: [String]) {
    var warnings: [String] = []
    return (try store.load { warnings.append($0) }, warnings)
  }

  @Test func keepsTheLastTwo() throws {
    for step in [5, 10, 15] { try store.save(sampleCheckpoint(step: step)) }
    #expect(
      temporary.names(store.directory) == [
        "step-000000000010.safetensors", "step-000000000015.safetensors",
      ])
    let (checkpoint, warnings) = try load()
    #expect(try checkpoint == sampleCheckpoint(step: 15))
    #expect(warnings.isEmpty)
  }

  @Test func fallsBackWhereverTheLastIsDamaged() throws {
    let good = try sampleCheckpoint(step: 5)
    let bytes = try sampleCheckpoint(step: 10).bytes
    var scatter = Scatter()
    for round in 0..<200 {
      try store.save(good)
      var damaged = bytes
      if round.isMultiple(of: 2) {
        damaged[scatter.next(below: bytes.count)] ^= UInt8(1 + scatter.next(below: 255))
      } else {
        damaged.removeLast(1 + scatter.next(below: bytes.count))
      }
      try writeFile(store.directory + "/step-000000000010.safetensors", damaged)
      let (checkpoint, warnings) = try load()
      #expect(checkpoint == good)
      #expect(warnings.count == 1)
    }
  }

  @Test func aDamagedOneIsNotAmongTheTwoThatAreKept() throws {
    for step in [5, 10] { try store.save(sampleCheckpoint(step: step)) }
    try writeFile(store.directory + "/step-000000000010.safetensors", [1, 2, 3])
    _ = try load()
    for step in [6, 7] { try store.save(sampleCheckpoint(step: step)) }
    #expect(
      temporary.names(store.directory) == [
        "step-000000000006.safetensors", "step-000000000007.safetensors",
        "step-000000000010.safetensors.damaged",
      ])
  }

  @Test func tellsWhenNothingIsLeft() throws {
    let missing = #expect(throws: Failure.self) { try load() }
    #expect(missing?.kind == .missingInput)
    try store.save(sampleCheckpoint())
    try writeFile(store.directory + "/step-000000000007.safetensors", [])
    let damaged = #expect(throws: Failure.self) { try load() }
    #expect(damaged?.kind == .badData)
  }

  @Test func removesWhatAKilledWriterLeft() throws {
    try store.save(sampleCheckpoint(step: 5))
    try writeFile(store.directory + "/step-000000000006.safetensors.partial", [1])
    try writeFile(store.directory + "/notes.partial", [1])
    try store.save(sampleCheckpoint(step: 7))
    #expect(
      temporary.names(store.directory) == [
        "notes.partial", "step-000000000005.safetensors", "step-000000000007.safetensors",
      ])
  }

  @Test func aFailedWriteKeepsWhatIsThere() throws {
    try store.save(sampleCheckpoint(step: 5))
    try makeDirectory(store.directory + "/step-000000000006.safetensors/in the way")
    #expect(throws: Failure.self) { try store.save(sampleCheckpoint(step: 6)) }
    #expect(try store.load { _ in } == sampleCheckpoint(step: 5))
  }
}
