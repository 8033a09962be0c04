// Samples that are held out: of each class its share, by the seed alone.

import PTrainDiagnostics
import Testing

@testable import PTrainDatasets

@Suite struct SplitTests {
  /// Images of one pixel, which is the sample's number, in classes of the given sizes, one behind the
  /// other as sorted folders have them.
  private func set(_ counts: [Int]) throws -> ImageSet {
    let labels = counts.enumerated().flatMap { Array(repeating: UInt16($0), count: $1) }
    return try ImageSet(
      height: 1, width: 1, images: labels.indices.map { UInt8($0) }, labels: labels)
  }

  private func split(
    _ counts: [Int], _ size: SplitSize, seed: UInt64 = 1
  ) throws -> (kept: ImageSet, heldOut: ImageSet) {
    try set(counts).split(size, seed: seed, purpose: .validationSplit)
  }

  private func counts(_ set: ImageSet) -> [Int] {
    set.classNames.indices.map { label in set.labels.count { $0 == label } }
  }

  @Test(arguments: [
    (SplitSize.share(0.2), [50, 20, 5], [10, 4, 1]),
    (.share(0.5), [3, 2, 1], [2, 1, 0]),
    (.share(0.9), [10, 2, 2], [9, 1, 1]),
    (.count(15), [50, 20, 5], [10, 4, 1]),
    (.count(3), [50, 20, 5], [2, 1, 0]),
    (.count(4), [2, 2, 2, 2], [1, 1, 1, 1]),
    (.count(6), [4, 2, 3], [3, 1, 2]),
  ])
  func takesOfEachClassItsShare(_ size: SplitSize, classes: [Int], expected: [Int]) throws {
    let (kept, heldOut) = try split(classes, size)
    #expect(counts(heldOut) == expected)
    #expect(counts(kept) == zip(classes, expected).map { $0 - $1 })
    // Every sample stands in one of the two, with its label, in the order of the set.
    #expect(Array(kept.images).sorted() == Array(kept.images))
    #expect(Array(heldOut.images).sorted() == Array(heldOut.images))
    #expect((Array(kept.images) + Array(heldOut.images)).sorted() == Array(try set(classes).images))
    for part in [kept, heldOut] {
      for (image, label) in zip(part.images, part.labels) {
        #expect(try set(classes).labels[Int(image)] == label)
      }
    }
  }

  @Test func followsFromTheSeed() throws {
    let draws = try (1...20).map { seed in
      Array(try split([40, 40], .count(10), seed: UInt64(seed)).heldOut.images)
    }
    #expect(Set(draws).count == 20)
    #expect(try Array(split([40, 40], .count(10), seed: 3).heldOut.images) == draws[2])
    // Each sample of a class is drawn about as often as the others: 5 of 40 in 20 draws.
    let drawn = draws.joined().reduce(into: [UInt8: Int]()) { $0[$1, default: 0] += 1 }
    #expect(drawn.count > 70)
    #expect(drawn.values.max()! < 10)
    let forTests = try set([40, 40]).split(.count(10), seed: 3, purpose: .testSplit).heldOut
    #expect(Array(forTests.images) != draws[2])
  }

  /// The draw of seed 1 for ever: a run must be able to go on after an update.
  @Test func staysWhatItWas() throws {
    let drawn = Array(try split([10, 10], .share(0.3)).heldOut.images)
    #expect(drawn == [2, 4, 9, 13, 14, 16])
  }

  @Test func refusesWhatLeavesAClassEmpty() throws {
    for size in [SplitSize.count(8), .count(100), .share(0.01)] {
      let failure = Fixture.failure { _ = try split([5, 5], size) }
      #expect((failure?.kind == .usage) == (size != .count(8)))
    }
    #expect(
      Fixture.failure { _ = try split([5, 5], .count(9)) }?.message.contains("1 to 8") == true)
  }

  @Test func readsNumbersAndShares() {
    #expect(SplitSize("500") == .count(500))
    #expect(SplitSize("0.25") == .share(0.25))
    for text in ["0", "-3", "1.0", "0.0", "1.5", "-0.1", "", "x", "nan", "1e2", "inf."] {
      #expect(SplitSize(text) == nil)
    }
    for size in [SplitSize.count(3), .share(0.1), .share(1 / 3.0)] {
      #expect(SplitSize("\(size)") == size)
    }
  }

  @Test func validationIsHeldOutOfTheTrainingSet() throws {
    var dataset = try Dataset(name: "x", training: set([20, 10]), test: set([1, 1]))
    let normalization = dataset.normalization
    try dataset.holdOutValidation(.share(0.1), seed: 1)
    #expect(counts(dataset.training) == [18, 9])
    #expect(dataset.validation.map(counts) == [2, 1])
    #expect(dataset.normalization == normalization)
    #expect(
      Fixture.failure { try dataset.holdOutValidation(.count(1), seed: 1) }?.message.contains(
        "validation set of its own") == true)
  }
}

@Suite struct ClassNameTests {
  private func set(_ labels: [UInt16], _ names: [String]?) throws -> ImageSet {
    try ImageSet(
      height: 1, width: 1, images: labels.map { UInt8($0) }, labels: labels, classNames: names)
  }

  @Test func labelsFollowTheTrainingSetsNames() throws {
    let training = try set([0, 1, 2], ["ant", "bee", "cat"])
    let test = try set([0, 1, 0], ["cat", "ant"])
    let dataset = try Dataset(name: "x", training: training, validation: test, test: test)
    #expect(dataset.classNames == ["ant", "bee", "cat"])
    #expect(dataset.classCount == 3)
    for set in [dataset.test, try #require(dataset.validation)] {
      #expect(set.labels == [2, 0, 2])
      #expect(set.classNames == dataset.classNames)
      #expect(Array(set.images) == [0, 1, 0])
    }
  }

  @Test func aClassThatTrainingDoesNotKnowIsRefused() throws {
    let training = try set([0, 1], ["ant", "bee"])
    let failure = Fixture.failure {
      _ = try Dataset(
        name: "x", training: training, test: set([0, 0, 1], ["bee", "do\u{1b}g"]))
    }
    #expect(failure?.kind == .badData)
    #expect(
      failure?.message == "x: test sample 2 is of class 'do?g', which training does not know")
    // Names without samples do no harm.
    #expect(
      try Dataset(name: "x", training: training, test: set([0], ["bee", "dog"])).test.labels == [1])
  }

  @Test func numbersAreTheNamesOfUnnamedClasses() throws {
    let unnamed = try set([0, 1, 2, 0], nil)
    #expect(unnamed.classNames == ["0", "1", "2"])
    let dataset = try Dataset(name: "x", training: unnamed, test: set([1], nil))
    #expect(dataset.test.classNames == ["0", "1", "2"])
    #expect(dataset.test.labels == [1])
    // A model of numbered classes takes named ones by their place, and the other way round.
    #expect(try set([1], ["ant", "bee"]).relabeled(to: ["0", "1"], source: "x").labels == [1])
    #expect(try set([1], nil).relabeled(to: ["ant", "bee"], source: "x").labels == [1])
  }

  @Test func manyClassesKeepTheirLabels() throws {
    let labels = [0, 300, 65_534] as [UInt16]
    let set = try ImageSet(height: 1, width: 1, images: [1, 2, 3], labels: labels)
    #expect(set.classNames.count == 65_535)
    let other = try ImageSet(height: 1, width: 1, images: [1, 2, 3], labels: [0, 44, 254])
    let digests = try [set, other].map {
      DataDigests(try Dataset(name: "x", training: $0, test: $0))
    }
    #expect(digests[0].differences(from: digests[1]) == [.trainingLabels, .testLabels])
  }
}

@Suite struct DuplicateTests {
  private func set(_ images: [[UInt8]]) throws -> ImageSet {
    try ImageSet(
      height: 3, width: images[0].count / 3, images: images.flatMap { $0 },
      labels: images.indices.map { UInt16($0 % 2) })
  }

  /// Images of 9 and 24 bytes: whole words of eight and a rest.
  @Test(arguments: [9, 24]) func areCountedByEveryPixel(byteCount: Int) throws {
    let images = (0..<60).map { image in (0..<byteCount).map { UInt8($0 * 7 + image) } }
    var changed = images[7]
    changed[byteCount - 1] ^= 1
    let test = try set([images[3], changed, images[3], images[59], images[3].reversed()])
    let dataset = try Dataset(name: "x", training: set(images), test: test)
    #expect(dataset.duplicateCount() == 3)
    #expect(
      dataset.duplicatesLine
        == "3 of the 5 test images stand in the training set too, pixel for pixel")
    #expect(
      try Dataset(name: "x", training: set(images), test: set([changed])).duplicatesLine == nil)
  }
}
