// Datasets read from directories: names, checks across files, limits, statistics.
// What a user may get wrong with --data has a line of its own.

import PTrainDiagnostics
import Testing

@testable import PTrainDatasets

@Suite struct DatasetTests {
  /// The failure of reading the fixture's files after `change`.
  private func failure(_ change: (inout [String: [UInt8]]) -> Void) throws -> Failure {
    var files = Fixture.files
    change(&files)
    return try Fixture.withDirectory(files) { path in
      try #require(Fixture.failure { _ = try Dataset(at: path) })
    }
  }

  private var small: Dataset {
    get throws { try Fixture.withDirectory(Fixture.files) { try Dataset(at: $0) } }
  }

  @Test func plainFiles() throws {
    let dataset = try small
    #expect(dataset.training.count == 5)
    #expect(dataset.test.labels == [2, 0, 1])
    #expect(dataset.classCount == 3)
    #expect(dataset.training.height == 3)
    #expect(dataset.training.width == 2)
    #expect(dataset.name.hasPrefix("ptrain-"))
  }

  @Test func gzipAndDottedNames() throws {
    let variants = Fixture.files.map { name, bytes in
      (name.replacing("-idx", with: ".idx") + ".gz", Fixture.gzip(bytes))
    }
    let dataset = try Fixture.withDirectory(Dictionary(uniqueKeysWithValues: variants)) {
      try Dataset(at: $0)
    }
    let expected = try small
    #expect(dataset.training == expected.training)
    #expect(dataset.test == expected.test)
  }

  /// EMNIST's, of which a directory may hold several.
  @Test func namesWithAPrefix() throws {
    func named(_ prefix: String) -> [(String, [UInt8])] {
      Fixture.files.map { (prefix + $0.replacing("t10k", with: "test"), $1) }
    }
    let letters = Dictionary(uniqueKeysWithValues: named("emnist-letters-"))
    let dataset = try Fixture.withDirectory(letters) { try Dataset(at: $0) }
    let expected = try small
    #expect(dataset.training == expected.training)
    #expect(dataset.test == expected.test)
    let both = letters.merging(named("emnist-digits-")) { first, _ in first }
    try Fixture.withDirectory(both) { path in
      let failure = Fixture.failure { _ = try Dataset(at: path) }
      #expect(failure?.kind == .badData)
      #expect(
        failure?.message.contains("of 2 datasets (emnist-digits-, emnist-letters-)") == true)
    }
    let plain = both.merging(Fixture.files) { first, _ in first }
    #expect(try Fixture.withDirectory(plain) { try Dataset(at: $0) }.training == expected.training)
  }

  @Test func transposedImages() throws {
    try Fixture.withDirectory(Fixture.files) { path in
      var options = ReadingOptions()
      options.transposes = true
      let (plain, turned) = try (Dataset(at: path), Dataset(at: path, options))
      #expect((turned.training.height, turned.training.width) == (2, 3))
      #expect(turned.test.height == 2)
      for image in 0..<5 {
        for y in 0..<3 {
          for x in 0..<2 {
            #expect(
              plain.training.images[image * 6 + y * 2 + x]
                == turned.training.images[image * 6 + x * 3 + y])
          }
        }
      }
      #expect(turned.normalization == plain.normalization)
      #expect(try turned.training.transposed() == plain.training)
      #expect(try ImageSet.readTestSet(path, options).set == turned.test)
    }
  }

  @Test func missingDirectoryAndFile() throws {
    let missing = Fixture.failure { _ = try Dataset(at: "/nowhere/at/all") }
    #expect(missing?.kind == .missingInput)
    #expect(missing?.message.contains("/nowhere/at/all: No such file") == true)
    for name in Fixture.files.keys {
      let failure = try failure { $0[name] = nil }
      #expect(failure.kind == .missingInput)
      #expect(failure.message.contains(name))
    }
  }

  @Test func aFileIsNoDirectory() throws {
    try Fixture.withDirectory(["f": [1]]) { path in
      let failure = Fixture.failure { _ = try Dataset(at: path + "/f") }
      #expect(failure?.kind == .missingInput)
    }
  }

  @Test func countsThatDiffer() throws {
    let failure = try failure { $0["train-labels-idx1-ubyte"] = Fixture.labels([0, 1]) }
    #expect(failure.kind == .badData)
    #expect(failure.message.contains("5 images, but 2 labels"))
  }

  @Test func labelBeyondClassCount() throws {
    let failure = try failure { $0["t10k-labels-idx1-ubyte"] = Fixture.labels([0, 3, 1]) }
    #expect(failure.kind == .badData)
    #expect(failure.message.contains("test sample 1 has label 3; training labels end at 2"))
  }

  @Test func imageSizesThatDiffer() throws {
    let failure = try failure { $0["t10k-images-idx3-ubyte"] = Fixture.images(3, height: 2) }
    #expect(failure.kind == .badData)
    #expect(failure.message.contains("3 x 2 pixels, test images of 2 x 2"))
  }

  @Test func swappedFiles() throws {
    let failure = try failure { files in
      let images = files["train-images-idx3-ubyte"]
      files["train-images-idx3-ubyte"] = files["train-labels-idx1-ubyte"]
      files["train-labels-idx1-ubyte"] = images
    }
    #expect(failure.kind == .badData)
    #expect(failure.message.contains("swapped"))
  }

  @Test func aDeviceIsNotRead() {
    for path in ["/dev/zero", "/"] {
      #expect(Fixture.failure { _ = try IDX(path, as: .labels) }?.kind == .missingInput)
    }
  }

  @Test func limitsKeepTheFirstSamples() throws {
    var dataset = try small
    try dataset.limit(training: 2, test: 100)
    #expect(dataset.training.labels == [0, 1])
    #expect(Array(dataset.training.images) == (0..<12).map { UInt8($0) })
    #expect(dataset.test.count == 3)
    #expect(dataset.classCount == 3)
    #expect(throws: Failure.self) { try dataset.limit(training: 0, test: nil) }
    #expect(throws: Failure.self) { try dataset.limit(training: nil, test: -1) }
  }

  @Test func normalizationIsExact() throws {
    let set = try ImageSet(height: 1, width: 2, images: [0, 255, 51, 102], labels: [0, 1])
    let sums = PixelSums(of: set)
    #expect(sums == PixelSums(pixelCount: 4, sums: [408], sumsOfSquares: [78030]))
    #expect(sums.normalization.means == [0.4])
    // sqrt((0 + 1 + 0.04 + 0.16) / 4 - 0.16)
    #expect(abs(sums.normalization.standardDeviations[0] - 0.374_165_74) < 1e-7)
  }

  @Test func sumsOfManyGreysDoNotOverflow() throws {
    let images = [UInt8](repeating: 255, count: 1 << 21)
    let set = try ImageSet(
      height: 1 << 10, width: 1 << 10, images: images, labels: [0, 0])
    #expect(PixelSums(of: set).sumsOfSquares == [65025 << 21])
    #expect(PixelSums(of: set).normalization == Normalization(mean: 1, standardDeviation: 1))
  }

  /// Over several chunks, with a rest that fills no vector.
  @Test(arguments: [1, 2, 3]) func everyChannelHasItsOwnSums(channels: Int) throws {
    let images = (0..<1741 * 1307 * channels).map {
      UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 13)
    }
    let set = try ImageSet(
      height: 1741, width: 1307, channels: channels, images: images, labels: [0])
    var sums = [Int](repeating: 0, count: channels)
    var squares = sums
    for (place, value) in images.enumerated() {
      sums[place % channels] += Int(value)
      squares[place % channels] += Int(value) * Int(value)
    }
    #expect(
      PixelSums(of: set)
        == PixelSums(pixelCount: 1741 * 1307, sums: sums, sumsOfSquares: squares))
  }

  @Test func gainAndOffsetAreTheNormalization() {
    let normalization = Normalization.mnist
    for grey in [0, 1, 128, 255] as [Float] {
      let expected = (grey / 255 - 0.1307) / 0.3081
      #expect(abs(normalization.input(grey) - expected) < 1e-6)
    }
  }

  @Test(.enabled(if: mnistDirectory != nil, "PTRAIN_DATA names no MNIST directory"))
  func realMNIST() throws {
    let dataset = try Dataset(at: #require(mnistDirectory))
    #expect(dataset.name == "MNIST")
    #expect(dataset.normalization == .mnist)
    #expect(dataset.classCount == 10)
    #expect(dataset.training.count == 60_000)
    #expect(dataset.test.count == 10_000)
    #expect(dataset.training.labels.prefix(5) == [5, 0, 4, 1, 9])
    let computed = PixelSums(of: dataset.training).normalization
    #expect(abs(computed.means[0] - 0.1307) < 5e-5)
    #expect(abs(computed.standardDeviations[0] - 0.3081) < 5e-5)
    // Pinned: a run that began with it must be able to go on after an update.
    #expect(DataDigests(dataset).whole.hasPrefix("0f29f3b886828ad2"))
  }

  private static let fashion = DataSource.fashionMNISTDirectory

  @Test(.enabled(if: fileExists(fashion), "dataset-fashion-mnist is not installed"))
  func realFashionMNIST() throws {
    let dataset = try Dataset(at: Self.fashion)
    #expect(dataset.name == "Fashion-MNIST")
    #expect((dataset.training.count, dataset.test.count) == (60_000, 10_000))
    #expect(DataDigests(dataset).whole.hasPrefix("209386fde8b1e931"))
  }
}
