// Checkpoints: every damage is noticed, the one before is used, and only two are kept.

import PTrainArtifacts
import PTrainDatasets
import PTrainDiagnostics
import PTrainEngine
import PTrainImageFiles
import PTrainNetworks
import Testing

/// A checkpoint after `step` steps, with a value in every field.
func sampleCheckpoint(step: Int = 7) throws -> Checkpoint {
  let model = try sampleModel(seed: step)
  let count = model.state.values.count
  var position = TrainingPosition()
  (position.epoch, position.step, position.runStep) = (2, 3, step)
  (position.lossSum, position.correctCount) = (0.1 + 0.2, 5)
  (position.epochSeconds, position.runSeconds) = (1.0 / 3, 1e-300)
  (position.testAccuracy, position.bestTestAccuracy) = (98.31, 98.4)
  (position.bestTestEpoch, position.bestValidationEpoch) = (1, 1)
  position.bestValidationLoss = 0.1 + 0.7
  var settings = RunSettings(
    seed: .max,
    data: DataFingerprint(
      name: "MNIST", trainSampleCount: 100, testSampleCount: 50,
      normalization: model.normalization, classNames: model.classNames, digests: sampleDigests))
  (settings.limitTrain, settings.limitTest, settings.targetAccuracy) = (100, 50, 99.5)
  (settings.validation, settings.patience) = (.count(20), 4)
  (settings.transposes, settings.skipsBad) = (true, true)
  settings.preparation.size = ImageSize("64x48")
  (settings.preparation.channels, settings.preparation.background) = (.gray, RGBColor(1, 2, 255))
  (settings.checkpointInterval, settings.dataPath) = (10, "/data with \"quotes\"")
  return Checkpoint(
    model: model,
    snapshot: TrainingSnapshot(
      model: model.state, firstMoment: (0..<count).map { Float($0) / 3 },
      secondMoment: (0..<count).map { -Float($0) / 9 },
      average: (0..<count).map { Float($0) / 11 }, best: (0..<count).map { Float($0) / 13 },
      position: position),
    settings: settings)
}

/// A checkpoint's content with the seal of its bytes.
func sealed(_ file: Safetensors) -> [UInt8] {
  var file = file
  let place = file.metadata.firstIndex { $0.key == "digest" }!
  file.metadata.remove(at: place)
  file.metadata.insert(.init("digest", String(repeating: "0", count: 64)), at: 0)
  var bytes = file.bytes
  let digest = sha256(bytes)
  let start = 8 + #"{"__metadata__":{"digest":""#.utf8.count
  bytes.replaceSubrange(start..<start + 64, with: digest.utf8)
  return bytes
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

  @Test(arguments: RunEnd.allCases) func readsWhatItWroteWithoutOptions(end: RunEnd) throws {
    var checkpoint = try sampleCheckpoint()
    checkpoint.settings = RunSettings(seed: 1, data: checkpoint.settings.data)
    checkpoint.snapshot.position.end = end
    checkpoint.snapshot.position.bestValidationLoss = nil
    checkpoint.snapshot.position.bestValidationEpoch = 0
    checkpoint.snapshot.best = nil
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

  @Test func oneWithoutDigestsIsOfAnEarlierPtrain() throws {
    var file = try Safetensors(sampleCheckpoint().bytes, source: "x")
    let all = file.metadata
    file.metadata.removeAll { $0.key.hasPrefix("run.digest_of_") }
    #expect(file.metadata.count == all.count - 4)
    let old = #expect(throws: Failure.self) { try Checkpoint(sealed(file), source: "an x") }
    #expect(
      old
        == Failure(
          .badData,
          "an x: of an earlier ptrain, which kept no digests of a run's data, so that it cannot go "
            + "on; ", naming: .start, " begins a new run with its parameters"))
    // Three of four are damage.
    file.metadata = all
    file.metadata.removeAll { $0.key == "run.digest_of_test_labels" }
    let damaged = #expect(throws: Failure.self) { try Checkpoint(sealed(file), source: "x") }
    #expect(damaged?.message == "x: no checkpoint, a setting is missing or wrong")
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

  /// A whole file of a later version stays what and where it is; nothing older is taken instead.
  @Test func aLaterVersionIsNoDamage() throws {
    for step in [5, 10] { try store.save(sampleCheckpoint(step: step)) }
    var later = try Safetensors(
      sampleCheckpoint(step: 11).bytes, source: "x")
    let place = try #require(later.metadata.firstIndex { $0.key == "format_version" })
    later.metadata[place].value = "99"
    let name = "/step-000000000011.safetensors"
    try writeFile(store.directory + name, sealed(later))
    let before = temporary.names(store.directory)
    var warnings: [String] = []
    let failure = #expect(throws: Failure.self) { try store.load { warnings.append($0) } }
    #expect(failure?.kind == .badData)
    #expect(failure?.message.contains("\(name): of format \(quotedName("99")), written by") == true)
    #expect(warnings.isEmpty)
    #expect(temporary.names(store.directory) == before)
  }

  /// Two convolutions of 1,024 filters: 9.4 million values, four floats each.
  @Test func whatIsWrittenCanBeRead() throws {
    let description = ModelDescription(
      name: "large",
      layers: [
        .conv(filters: 1024, kernel: 3, stride: 1, padding: 1, bias: true), .relu,
        .conv(filters: 1024, kernel: 3, stride: 1, padding: 1, bias: true), .relu,
        .globalAveragePool, .dense(features: nil, bias: true),
      ])
    let network = try Network(
      description: description, input: Shape(channels: 1, height: 5, width: 5), classCount: 10)
    let zeros = [Float](repeating: 0, count: network.layout.count)
    var large = try sampleCheckpoint()
    large.model = TrainedModel(
      network: network, state: ModelState(layout: network.layout, values: zeros),
      normalization: large.model.normalization)
    large.snapshot = TrainingSnapshot(
      model: large.model.state, firstMoment: zeros, secondMoment: zeros, average: zeros,
      best: zeros, position: large.snapshot.position)
    try store.save(large)
    let read = try store.load { _ in }
    #expect(read.model.network.layout.count == zeros.count)
    #expect(read.snapshot.position == large.snapshot.position)
  }

  /// Positions at the limits are written and read; beyond them nothing is left behind.
  @Test func aPositionThatCouldNotBeReadIsNotWritten() throws {
    let limit = 1 << 31
    let sample = try sampleCheckpoint()
    var last = sample
    (last.snapshot.position.epoch, last.snapshot.position.runStep) = (limit, limit)
    last.snapshot.position.correctCount = limit
    try store.save(last)
    #expect(try store.load { _ in } == last)
    let names = temporary.names(store.directory)
    for change: (inout TrainingPosition) -> Void in [
      { $0.runStep = limit + 1 }, { $0.epoch = limit + 1 }, { $0.epoch = 0 },
      { $0.correctCount = limit + 1 }, { $0.step = $0.runStep + 1 }, { $0.step = -1 },
      { $0.lossSum = .nan }, { $0.epochSeconds = .infinity }, { $0.runSeconds = -.infinity },
      { $0.testAccuracy = .nan }, { $0.bestTestAccuracy = .nan }, { $0.bestTestEpoch = 2 },
      { $0.bestValidationEpoch = 2 },
    ] {
      var wrong = sample
      change(&wrong.snapshot.position)
      #expect(throws: Failure.self) { try Checkpoint(wrong.bytes, source: "x") }
      let failure = #expect(throws: Failure.self) { try store.save(wrong) }
      #expect(failure?.kind == .fault)
      #expect(temporary.names(store.directory) == names)
    }
  }

  @Test func whatCouldNotBeReadIsNotWritten() throws {
    let path = temporary.path + "/x"
    let header = UInt64(Safetensors.headerByteLimit + 1)
    let bytes = withUnsafeBytes(of: header.littleEndian) { Array($0) } + [1, 2, 3]
    let failure = #expect(throws: Failure.self) { try Safetensors.write(bytes, to: path) }
    #expect(failure?.kind == .badData)
    #expect(temporary.names().isEmpty)
  }

  @Test func removesWhatAKilledWriterLeft() throws {
    try store.save(sampleCheckpoint(step: 5))
    try writeFile(store.directory + "/.ptrain-1-1.partial", [1])
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
