// Class folders as people have them: layouts, order, kinds of images, and what is refused.

import Foundation
import PTrainDiagnostics
import PTrainImageFiles
import Testing

@testable import PTrainDatasets

@Suite struct FolderReadingTests {
  /// Two classes of two images each.
  private let plain = [
    "cat/1.pgm": Picture.grey(1), "cat/2.pgm": Picture.grey(2), "dog/1.pgm": Picture.grey(3),
    "dog/2.pgm": Picture.grey(4),
  ]

  private func values(_ part: FolderReading.Part, _ reading: FolderReading) -> [UInt8] {
    let byteCount = reading.height * reading.width * reading.channels
    return stride(from: 0, to: part.pixels.count, by: byteCount).map { part.pixels[$0] }
  }

  @Test func aFolderOfAClassEach() throws {
    let reading = try FolderFixture(plain).read()
    #expect((reading.height, reading.width, reading.channels) == (2, 3, 1))
    #expect(reading.parts.map(\.role) == [.training])
    #expect(reading.parts[0].classNames == ["cat", "dog"])
    #expect(reading.parts[0].labels == [0, 0, 1, 1])
    #expect(values(reading.parts[0], reading) == [1, 2, 3, 4])
    #expect(reading.remarks == [])
  }

  @Test(arguments: ["val", "valid", "validation", "Validation"])
  func partsAreFoldersOfTheirNames(validation: String) throws {
    var files: [String: [UInt8]] = [:]
    for (part, first) in [("train", UInt8(10)), ("test", 20), (validation, 30)] {
      for (name, bytes) in plain {
        files["\(part)/\(name)"] = bytes.dropLast(6) + (0..<6).map { _ in first + bytes.last! }
      }
    }
    let folder = try FolderFixture(files)
    let reading = try folder.read()
    #expect(reading.parts.map(\.role) == [.training, .validation, .test])
    #expect(
      reading.parts.map { values($0, reading) } == [
        [11, 12, 13, 14], [31, 32, 33, 34], [21, 22, 23, 24],
      ])
    let test = try folder.read([.test])
    #expect(test.parts.map(\.role) == [.test])
    #expect(values(test.parts[0], test) == [21, 22, 23, 24])
  }

  /// A class may be called `train` as long as not all folders are parts.
  @Test func classesWithNamesOfParts() throws {
    let folder = try FolderFixture([
      "bus/1.pgm": Picture.grey(1), "test/1.pgm": Picture.grey(2), "train/1.pgm": Picture.grey(3),
    ])
    #expect(try folder.read().parts[0].classNames == ["bus", "test", "train"])
    let both = try FolderFixture(["test/1.pgm": Picture.grey(2), "train/1.pgm": Picture.grey(3)])
    #expect(try both.read().parts[0].classNames == ["test", "train"])
  }

  /// Bytewise over whole paths, at any depth, on any number of threads.
  @Test(arguments: [1, 2, 7]) func theOrderIsThatOfTheBytes(threadCount: Int) throws {
    var files = ["b/x.pgm": Picture.grey(255)]
    let names = ["A.pgm", "a b.pgm", "a.pgm", "a/1/2.pgm", "a/Z.pgm", "a0.pgm", "é.pgm"]
    for (index, name) in names.enumerated() { files["a/\(name)"] = Picture.grey(UInt8(index)) }
    for index in 0..<60 {
      let number = String(1000 + index).dropFirst()
      files["c/\(number).pgm"] = Picture.grey(UInt8(100 + index))
    }
    let reading = try FolderFixture(files).read(threadCount: threadCount)
    #expect(values(reading.parts[0], reading) == Array(0..<7) + [255] + Array(100..<160))
  }

  @Test func mixedFoldersAreOfColours() throws {
    let mixed = try FolderFixture([
      "a/1.pgm": Picture.grey(7), "a/2.ppm": Picture.color(8), "b/1.pgm": Picture.grey(9),
    ])
    let reading = try mixed.read()
    #expect(reading.channels == 3)
    #expect(
      Array(reading.parts[0].pixels) == [7, 8, 9].flatMap { [UInt8](repeating: $0, count: 18) })
    let grey = try mixed.read(channels: .gray)
    #expect(Array(grey.parts[0].pixels) == [7, 8, 9].flatMap { [UInt8](repeating: $0, count: 6) })
  }

  @Test func severalSizesWantASize() throws {
    let folder = try FolderFixture([
      "a/1.pgm": Picture.grey(7), "a/2.pgm": Picture.grey(8, width: 5, height: 4),
      "b/1.pgm": Picture.grey(9),
    ])
    #expect(
      try folder.refusal()
        == "DIR: images of 2 sizes: 3 x 2 (2 images), 5 x 4 (1 image); pass `size` WxH, to which all are resized"
    )
    let reading = try folder.read(size: "4x6")
    #expect((reading.height, reading.width) == (6, 4))
    #expect(values(reading.parts[0], reading) == [7, 8, 9])
  }

  @Test func whatIsNoSetOfClasses() throws {
    let one = try FolderFixture(["a/1.pgm": Picture.grey(1)])
    #expect(
      try one.refusal()
        == "DIR: 1 class folder, expected 2 or more; put the images of each class into a folder of its own"
    )
    let nested = try FolderFixture(["a/cat/1.pgm": Picture.grey(1), "a/dog/1.pgm": Picture.grey(1)])
    #expect(
      try nested.refusal() == "DIR: 1 class folder, expected 2 or more; or is DIR/a the data?")
    let empty = try FolderFixture(plain)
    try empty.makeFolder("mouse")
    #expect(
      try empty.refusal() == "DIR/mouse: a class without images; add some or remove the folder")
    try empty.add("mouse/notes.txt", Array("none yet".utf8))
    #expect(
      try empty.refusal()
        == "DIR: the training set has no image of class mouse; add some or remove its folder")
    let twice = try FolderFixture([
      "train/a/1.pgm": Picture.grey(1), "val/a/1.pgm": Picture.grey(1),
      "valid/a/1.pgm": Picture.grey(1),
    ])
    #expect(
      try twice.refusal() == "DIR: both val and valid are a validation set; expected one")
    let name = try FolderFixture(plain)
    try name.add(Array("x".utf8) + [0xff] + Array("/1.pgm".utf8), Picture.grey(1))
    #expect(
      try name.refusal() == "DIR/x\\xff: a class's name must be UTF-8; rename the folder")
  }

  @Test func textFilesAloneAreNoImages() throws {
    let folder = try FolderFixture(["a/1.txt": [1, 2], "b/1.txt": [3]])
    #expect(try folder.refusal() == "DIR: no image in the class folders")
  }

  /// By names or first bytes, at any depth, but not in what lies beside folders.
  @Test func aFormKnowsItselfAtFirstSight() throws {
    for name in ["a/x.JPG", "train/a/x.gif", "a/b/c/x.png"] {
      let folder = try FolderFixture([name: [1]])
      #expect(ClassFolders(at: try DataPath(folder.path)) != nil, "\(name)")
    }
    let unnamed = try FolderFixture(["a/1": [1], "a/2": Picture.grey(1)])
    #expect(ClassFolders(at: try DataPath(unnamed.path)) != nil)
    for name in ["x.png", "a/x.txt", ".a/x.png", "a/.x.png", "__MACOSX/x.png"] {
      let folder = try FolderFixture([name: [1]])
      #expect(ClassFolders(at: try DataPath(folder.path)) == nil, "\(name)")
    }
  }

  @Test func becomesADataset() throws {
    var files: [String: [UInt8]] = [:]
    for (part, count) in [("train", 4), ("test", 2)] {
      for name in ["cat", "dog"] {
        for index in 0..<count {
          files["\(part)/\(name)/\(index).pgm"] = Picture.grey(UInt8(10 * index + 1))
        }
      }
    }
    let folder = try FolderFixture(files)
    var (dataset, remarks) = try Dataset.read(folder.path)
    #expect(dataset.classNames == ["cat", "dog"])
    #expect((dataset.training.count, dataset.test.count) == (8, 4))
    #expect(remarks.isEmpty)
    let test = try ImageSet.readTestSet(folder.path).set
    #expect(test == dataset.test)
    // What training does not know is refused.
    try folder.add("test/mouse/1.pgm", Picture.grey(1))
    let failure = try #require(throws: Failure.self) { try Dataset.read(folder.path) }
    #expect(failure.message.contains("of class 'mouse', which training does not know"))
    // A share of each class where there is no test set.
    var options = ReadingOptions()
    options.testShare = 0.25
    options.preparation.size = ImageSize("5")
    let alone = try FolderFixture(files.filter { $0.key.hasPrefix("train/") })
    (dataset, remarks) = try Dataset.read("\(alone.path)/train", options)
    #expect((dataset.training.labels, dataset.test.labels) == ([0, 0, 0, 1, 1, 1], [0, 1]))
    #expect(dataset.test.imageShape.text == "1x5x5")
    #expect(remarks.count == 1)
  }

  /// The same resizing for forms that hold pixels.
  @Test func pixelsOfOtherFormsAreResizedTheSameWay() throws {
    let pixels = (0..<2 * 36).map { UInt8($0 * 7 % 251) }
    let set = try ImageSet(height: 6, width: 6, images: pixels, labels: [0, 1])
    var options = ReadingOptions()
    (options.preparation.size, options.preparation.channels) = (ImageSize("4x9"), .rgb)
    let prepared = try set.prepared(options, source: "x")
    #expect(prepared.imageShape.text == "3x9x4")
    for sample in 0..<2 {
      let image = DecodedImage(
        height: 6, width: 6, channels: 1, bytes: Array(pixels[sample * 36..<(sample + 1) * 36]))
      let expected = image.converted(to: .rgb).resized(height: 9, width: 4)
      #expect(Array(prepared.images[sample * 108..<(sample + 1) * 108]) == expected.bytes)
    }
    #expect(prepared.labels == set.labels)
    #expect(try set.prepared(ReadingOptions(), source: "x") == set)
  }
}
