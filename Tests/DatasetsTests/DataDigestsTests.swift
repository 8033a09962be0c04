// Digests of a dataset's parts: equal for equal content, and different for any other byte, size or order.

import Foundation
import PTrainMemory
import Testing

@testable import PTrainDatasets

@Suite struct DataDigestsTests {
  private typealias Part = DataDigests.Part

  /// More bytes than two pieces of a digest in each set of images, no piece like another.
  private struct Content {
    var height = 9
    var width = 10
    var training = DataDigestsTests.pixels(factor: 7)
    var trainingLabels = (0..<100).map { UInt16($0 % 5) }
    var test = DataDigestsTests.pixels(factor: 11)
    var testLabels = (0..<100).map { UInt16($0 % 3) }
  }

  private static func pixels(factor: Int) -> [UInt8] {
    (0..<9000).map { (index: Int) -> UInt8 in
      UInt8(truncatingIfNeeded: index * factor + index / 256)
    }
  }

  private func dataset(_ content: Content, name: String = "d") throws -> Dataset {
    let training = try ImageSet(
      height: content.height, width: content.width, images: content.training,
      labels: content.trainingLabels)
    let test = try ImageSet(
      height: content.height, width: content.width, images: content.test,
      labels: content.testLabels)
    return try Dataset(name: name, training: training, test: test)
  }

  /// The parts that a change makes others of.
  private func differences(_ change: (inout Content) -> Void) throws -> [Part] {
    var changed = Content()
    change(&changed)
    let (one, other) = try (DataDigests(dataset(Content())), DataDigests(dataset(changed)))
    let parts = one.differences(from: other)
    #expect(other.differences(from: one) == parts)
    #expect((one.whole == other.whole) == parts.isEmpty)
    #expect((one == other) == parts.isEmpty)
    return parts
  }

  /// From another implementation of SHA-256 and CRC-32 (Python's): checkpoints keep these.
  @Test func areThoseOfEarlierVersions() throws {
    var content = Content()
    content.test = Array(content.test[..<3600])
    content.testLabels = Array(content.testLabels[..<40])
    let digests = DataDigests(try dataset(content))
    let expected: [Part: String] = [
      .trainingImages: "a80d4c245da99b2aac9718a488c54cd27f6f9d95fba0f9aa82e464c6a03bc559",
      .trainingLabels: "f446569a43a5942c9ebc1e404891f1ac119ff7717953f2393c68223a2dd6e956",
      .testImages: "71a3c7d92b3e2df4e0261494b1ad8494f43227fce026e5c0c2f290a2c4895e75",
      .testLabels: "7afe3429e067204da711163c59162a0a097e2888d8f06bc41d990fe9db11f480",
    ]
    #expect(digests == DataDigests(expected))
    #expect(
      digests.whole == "00eb4a630c7b6653c911e6eb12458038d269e8dba092a14e9b241b4ae40f56f8")
  }

  /// The first and the last byte, and those on both sides of a piece's end.
  @Test(arguments: [0, 1, 4095, 4096, 8191, 8192, 8999]) func noticeEveryPixel(index: Int) throws {
    for bit in 0..<8 {
      #expect(try differences { $0.training[index] ^= 1 << bit } == [.trainingImages])
      #expect(try differences { $0.test[index] ^= 1 << bit } == [.testImages])
    }
  }

  @Test(arguments: [1, 50, 99]) func noticeEveryLabel(index: Int) throws {
    #expect(
      try differences { $0.trainingLabels[index] = ($0.trainingLabels[index] + 1) % 5 }
        == [.trainingLabels])
    #expect(
      try differences { $0.testLabels[index] = ($0.testLabels[index] + 1) % 3 } == [.testLabels])
  }

  /// Sums, means and deviations stay what they were.
  @Test func noticeAnotherOrder() throws {
    #expect(try differences { $0.training.swapAt(0, 1) } == [.trainingImages])
    #expect(try differences { $0.trainingLabels.swapAt(0, 1) } == [.trainingLabels])
    #expect(try differences { $0.test.reverse() } == [.testImages])
    #expect(
      try differences { content in
        content.training = Array(
          content.training[4096..<8192] + content.training[..<4096] + content.training[8192...])
      } == [.trainingImages])
  }

  @Test func noticeWhatStandsInTheOtherSet() throws {
    #expect(
      try differences { content in
        swap(&content.training, &content.test)
      } == [.trainingImages, .testImages])
    #expect(
      try differences { content in
        content.testLabels = content.trainingLabels
      } == [.testLabels])
  }

  @Test func noticeAnotherForm() throws {
    #expect(
      try differences { ($0.height, $0.width) = (10, 9) } == [.trainingImages, .testImages])
  }

  @Test func noticeAnotherCount() throws {
    #expect(
      try differences { content in
        content.training.removeLast(90)
        content.trainingLabels.removeLast()
      } == [.trainingImages, .trainingLabels])
    // Black images more, in another part of the last piece.
    #expect(
      try differences { content in
        content.test += [UInt8](repeating: 0, count: 90)
        content.testLabels.append(0)
      } == [.testImages, .testLabels])
  }

  @Test func theNameIsNoPart() throws {
    #expect(
      try DataDigests(dataset(Content(), name: "a")) == DataDigests(dataset(Content(), name: "b")))
  }

  /// Place, names and compression are none of the content.
  @Test func filesDoNotMatter() throws {
    let plain = try Fixture.withDirectory(Fixture.files) {
      DataDigests(try Dataset(at: $0))
    }
    let packed = Fixture.files.map { name, bytes in
      (name.replacing("-idx", with: ".idx") + ".gz", Fixture.gzip(bytes))
    }
    try Fixture.withDirectory(Dictionary(uniqueKeysWithValues: packed)) { directory in
      try FileManager.default.createSymbolicLink(
        atPath: directory + "/link", withDestinationPath: directory)
      for path in [directory, directory + "/link", directory + "/link/"] {
        #expect(DataDigests(try Dataset(at: path)) == plain)
      }
    }
  }

  /// A part of a larger set has the digest that the same samples have alone.
  @Test func partsOfASetStartAnywhere() throws {
    var limited = try dataset(Content())
    try limited.limit(training: 60, test: nil)
    var alone = Content()
    alone.training.removeLast(40 * 90)
    alone.trainingLabels.removeLast(40)
    #expect(try DataDigests(limited) == DataDigests(dataset(alone)))
    #expect(try DataDigests(limited) != DataDigests(dataset(Content())))
  }
}
