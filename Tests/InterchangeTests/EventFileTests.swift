// Event files: checksums and frames of the format, and what a run leaves in them.

import Glibc
import PTrainArtifacts
import PTrainDiagnostics
import PTrainEngine
import PTrainImageFiles
import PTrainNetworks
import Testing

@testable import PTrainInterchange

@Suite struct EventRecordsTests {
  /// RFC 3720, appendix B.4.
  @Test func checksumsAreThoseOfTheStandard() {
    #expect(CRC32.castagnoli.checksum("123456789".utf8) == 0xE306_9283)
    #expect(CRC32.zip.checksum("123456789".utf8) == 0xCBF4_3926)
    #expect(CRC32.castagnoli.checksum([UInt8](repeating: 0, count: 32)) == 0x8A91_36AA)
    #expect(CRC32.castagnoli.checksum([UInt8](repeating: 0xff, count: 32)) == 0x62A8_AB43)
    #expect(CRC32.castagnoli.checksum(UInt8(0)..<32) == 0x46DD_794E)
    #expect(CRC32.castagnoli.masked("123456789".utf8) == 0xC78A_B0E5)
  }

  @Test func framesAreThoseOfTFRecord() {
    let frame: [UInt8] = [
      5, 0, 0, 0, 0, 0, 0, 0, 0xea, 0xb2, 0x04, 0x3e, 0x65, 0x76, 0x65, 0x6e, 0x74, 0xe5, 0x69,
      0x0b, 0xf6,
    ]
    #expect(EventRecords.frame(Array("event".utf8)) == frame)
  }

  @Test func readsUpToWhatIsCutOrDamaged() {
    let parts = ["one", "", "three"].map { Array($0.utf8) }
    let bytes = parts.flatMap(EventRecords.frame)
    #expect(EventRecords.read(bytes).map { Array($0) } == parts)
    for count in bytes.indices {
      #expect(EventRecords.read(Array(bytes[..<count])).count < 3)
      var damaged = bytes
      damaged[count] ^= 1
      let whole = count < 19 ? 0 : count < 35 ? 1 : 2
      #expect(EventRecords.read(damaged).map { Array($0) } == Array(parts[..<whole]))
    }
    #expect(EventRecords.read([UInt8](repeating: 0xff, count: 64)).isEmpty)
  }
}

@Suite struct EventWriterTests {
  private let path: String

  init() {
    var template = Array("/tmp/ptrain-events-XXXXXX".utf8CString)
    path = String(cString: mkdtemp(&template)) + "/events"
  }

  private func result(_ epoch: Int, isKept: Bool = true) -> EpochResult {
    EpochResult(
      epoch: epoch, learningRate: 0.5,
      training: Evaluation(loss: 2, correctCount: 1, sampleCount: 4),
      test: Evaluation(
        loss: Double(epoch), correctCount: 3, sampleCount: 4,
        confusion: ConfusionMatrix(rows: [[epoch, 1], [0, 2]])),
      validation: epoch > 1 ? Evaluation(loss: 0, correctCount: 0, sampleCount: 2) : nil,
      isKept: isKept, elapsedSeconds: 2)
  }

  private func write(_ epochs: [EpochResult], from epoch: Int? = nil, ends: Bool = true) throws {
    let writer = try EventWriter(path: path, keepingEpochsBefore: epoch) { 1.5 }
    let network = try Network(
      description: ModelDescription(
        name: "x", layers: [.flatten, .dense(features: nil, bias: true)]),
      input: Shape(channels: 1, height: 1, width: 1), classCount: 2)
    let state = ModelState.initial(network: network, seed: 1)
    for result in epochs { try writer.receive(.epoch(result, state: state)) }
    guard ends else { return }
    try writer.receive(
      .finished(
        RunResult(
          epochCount: epochs.last?.epoch ?? 0, elapsedSeconds: 1, testAccuracy: 0,
          bestTestAccuracy: 0, keptEpoch: epochs.last { $0.isKept }?.epoch)))
  }

  private func events() throws -> [Tensorboard_Event] {
    try EventRecords.read(readFile(path, limit: 1 << 20)).map {
      try Tensorboard_Event(serializedBytes: Array($0))
    }
  }

  @Test func holdsAScalarACurveAndEpoch() throws {
    try write([result(1), result(2)])
    let events = try events()
    #expect(events.count == 4 && events.allSatisfy { $0.wallTime == 1.5 })
    #expect(events[0].fileVersion == "brain.Event:2")
    #expect(events.map(\.step) == [0, 1, 2, 2])
    let second = events[2].summary.value.map { "\($0.tag) \($0.simpleValue)" }
    // A scalar of 0 is there too: a field that is left out would be no scalar.
    #expect(events[2].summary.value.allSatisfy { $0.hasSimpleValue })
    #expect(
      second == [
        "loss/train 2.0", "accuracy/train 25.0", "loss/validation 0.0", "accuracy/validation 0.0",
        "loss/test 2.0", "accuracy/test 75.0", "learning rate 0.5", "images per second 2.0",
      ])
    #expect(events[1].summary.value.count == 6)
  }

  /// The matrix is that of the epoch whose model is kept.
  @Test func endsWithTheConfusionMatrix() throws {
    try write([result(1), result(2), result(3, isKept: false)])
    let value = try #require(try events().last?.summary.value.first)
    #expect(value.tag.hasPrefix("confusion/test") && !value.hasSimpleValue)
    #expect((value.image.height, value.image.width, value.image.colorspace) == (64, 64, 3))
    let image = try DecodedImage(Array(value.image.encodedImageString), source: "image")
    #expect((image.height, image.width, image.channels) == (64, 64, 3))
    func color(_ row: Int, _ column: Int) -> [UInt8] {
      let place = ((row * 32 + 16) * 64 + column * 32 + 16) * 3
      return Array(image.bytes[place..<place + 3])
    }
    // Rows [2, 1] and [0, 2]: the square roots of two thirds, a third, none and all.
    #expect(color(1, 0) == [255, 255, 255] && color(1, 1) == [8, 48, 107])
    #expect(color(0, 0) == [53, 85, 134])
    #expect(color(0, 1) == [112, 135, 169])
    #expect(image.bytes[0] == 0x30)
  }

  @Test func aRunThatGoesOnWritesNothingTwice() throws {
    try write([result(1), result(2), result(3)])
    try write([result(2), result(3)], from: 2, ends: false)
    let steps = try events().map { $0.summary.value.isEmpty ? 0 : $0.step }
    #expect(steps == [0, 1, 2, 3])
  }
}
