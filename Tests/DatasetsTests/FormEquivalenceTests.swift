// The same data in every form: the same digests, hence the same run.

import PTrainDiagnostics
import Testing

@testable import PTrainDatasets

@Suite struct FormEquivalenceTests {
  /// A training and a test set of colour images of 32 x 32, the labels with gaps.
  private static let colours = Data(
    height: 32, width: 32, channels: 3, training: [3, 0, 9, 3, 1, 7, 9], test: [9, 0, 3])
  private static let greys = Data(
    height: 5, width: 5, channels: 1, training: [1, 0, 2, 2, 11, 1], test: [11, 0, 2])

  /// Pixels as a function of sample, row, column and channel.
  struct Data {
    var (height, width, channels) = (0, 0, 0)
    var (training, test): ([Int], [Int])

    init(height: Int, width: Int, channels: Int, training: [Int], test: [Int]) {
      (self.height, self.width, self.channels) = (height, width, channels)
      (self.training, self.test) = (training, test)
    }

    func pixel(_ sample: Int, _ y: Int, _ x: Int, _ channel: Int, isTest: Bool) -> Int {
      (sample * 31 + y * 17 + x * 7 + channel * 101 + (isTest ? 5 : 0)) % 256
    }

    /// Pixels of all samples with the channels first or last.
    func pixels(isTest: Bool, channelsFirst: Bool) -> [Int] {
      (isTest ? test : training).indices.flatMap { sample -> [Int] in
        (0..<height * width * channels).map { place in
          let (outer, inner) = place.quotientAndRemainder(
            dividingBy: channelsFirst ? height * width : channels)
          let (channel, spot) = channelsFirst ? (outer, inner) : (inner, outer)
          return pixel(sample, spot / width, spot % width, channel, isTest: isTest)
        }
      }
    }

    var digests: DataDigests {
      get throws {
        func set(_ labels: [Int], isTest: Bool) throws -> ImageSet {
          try ImageSet(
            height: height, width: width, channels: channels,
            images: pixels(isTest: isTest, channelsFirst: false).map { UInt8($0) },
            labels: labels.map { UInt16($0) })
        }
        return DataDigests(
          try Dataset(
            name: "x", training: set(training, isTest: false), test: set(test, isTest: true)))
      }
    }
  }

  private func digests(_ files: [String: [UInt8]]) throws -> DataDigests {
    try Fixture.withDirectory(files) { DataDigests(try Dataset(at: $0)) }
  }

  // MARK: IDX and CIFAR

  private func idx(_ data: Data, axes: Int) -> [String: [UInt8]] {
    var files: [String: [UInt8]] = [:]
    for (isTest, part) in [(false, "train"), (true, "t10k")] {
      let labels = isTest ? data.test : data.training
      let sizes = [labels.count] + (axes == 4 ? [data.channels] : []) + [data.height, data.width]
      files["\(part)-images-idx\(axes)-ubyte"] =
        Fixture.bigEndian([0x800 + UInt32(axes)] + sizes.map { UInt32($0) })
        + data.pixels(isTest: isTest, channelsFirst: true).map { UInt8($0) }
      files["\(part)-labels-idx1-ubyte"] = Fixture.labels(labels.map { UInt8($0) })
    }
    return files
  }

  @Test func idxOfFourAxes() throws {
    let colours = try Self.colours.digests
    #expect(try digests(idx(Self.colours, axes: 4)) == colours)
    let greys = try Self.greys.digests
    #expect(try digests(idx(Self.greys, axes: 3)) == greys)
    #expect(try digests(idx(Self.greys, axes: 4)) == greys)
    let packed = idx(Self.colours, axes: 4).map { name, bytes in
      (name.replacing("-idx4", with: ".idx3") + ".gz", Fixture.gzip(bytes))
    }
    #expect(try digests(Dictionary(uniqueKeysWithValues: packed)) == colours)
  }

  private func cifar(_ data: Data, isTest: Bool, samples: Range<Int>, coarse: [UInt8] = [])
    -> [UInt8]
  {
    let pixels = data.pixels(isTest: isTest, channelsFirst: true).map { UInt8($0) }
    let labels = isTest ? data.test : data.training
    return samples.flatMap { sample in
      coarse + [UInt8(labels[sample])] + pixels[sample * 3072..<(sample + 1) * 3072]
    }
  }

  @Test func cifarOfTenClasses() throws {
    let data = Self.colours
    var files = [
      "data_batch_1.bin": cifar(data, isTest: false, samples: 0..<3),
      "data_batch_2.bin": cifar(data, isTest: false, samples: 3..<7),
      "test_batch.bin": cifar(data, isTest: true, samples: 0..<3),
    ]
    #expect(try digests(files) == data.digests)
    let names = ["airplane", "car", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]
    files["batches.meta.txt"] = Array((names.joined(separator: "\r\n") + "\n\n").utf8)
    #expect(try digests(files) == data.digests)
    try Fixture.withDirectory(files) { path in
      let dataset = try Dataset(at: path)
      #expect(dataset.classNames == names)
      #expect(dataset.test.classNames == names)
      #expect(try ImageSet.readTestSet(path).set == dataset.test)
    }
  }

  @Test func cifarOfAHundredClasses() throws {
    let data = Self.colours
    let files = [
      "train.bin": cifar(data, isTest: false, samples: 0..<7, coarse: [19]),
      "test.bin": cifar(data, isTest: true, samples: 0..<3, coarse: [255]),
    ]
    #expect(try digests(files) == data.digests)
  }

  // MARK: npz

  private func arrays(
    _ data: Data, images: String = "|u1", labels: String = "|u1", channelsFirst: Bool = false,
    isFortran: Bool = false, labelColumns: Bool = false, version: UInt8 = 1, names: [String]
  ) -> [NumPyArray] {
    [(false, names[0], names[1]), (true, names[2], names[3])].flatMap { isTest, x, y in
      let values = isTest ? data.test : data.training
      let size =
        data.channels == 1
        ? [data.height, data.width]
        : channelsFirst
          ? [data.channels, data.height, data.width] : [data.height, data.width, data.channels]
      return [
        NumPyArray(
          name: x, type: images, shape: [values.count] + size, isFortran: isFortran,
          values: data.pixels(isTest: isTest, channelsFirst: channelsFirst).map { Double($0) },
          version: version),
        NumPyArray(
          name: y, type: labels, shape: labelColumns ? [values.count, 1] : [values.count],
          isFortran: isFortran, values: values.map { Double($0) }, version: version),
      ]
    }
  }

  private static let keras = ["x_train", "y_train", "x_test", "y_test"]
  private static let medMNIST = ["train_images", "train_labels", "test_images", "test_labels"]

  @Test(arguments: ZipFixture.Form.allCases) func npzArchives(form: ZipFixture.Form) throws {
    for data in [Self.colours, Self.greys] {
      let expected = try data.digests
      for names in [Self.keras, Self.medMNIST] {
        for isFortran in [false, true] {
          let archive = ZipFixture(
            arrays(data, isFortran: isFortran, labelColumns: names == Self.medMNIST, names: names),
            form)
          #expect(try digests(["data.npz": archive.bytes]) == expected)
        }
      }
    }
  }

  @Test(arguments: [
    "|u1", "|i1", "<u2", ">u2", "<i2", ">i2", "<u4", ">u4", "<i4", ">i4", "<u8", ">u8", "<i8",
    ">i8",
  ])
  func npzOfEveryIntegerType(type: String) throws {
    for version in [1, 2, 3] as [UInt8] {
      let archive = ZipFixture(
        arrays(
          Self.greys, images: type == "|i1" ? "<i2" : type, labels: type, version: version,
          names: Self.keras))
      #expect(try digests(["a.npz": archive.bytes]) == Self.greys.digests)
    }
  }

  @Test func npzWithTheChannelsFirst() throws {
    let archive = ZipFixture(arrays(Self.colours, channelsFirst: true, names: Self.keras))
    #expect(try digests(["a.npz": archive.bytes]) == Self.colours.digests)
  }

  /// The path may name the file itself.
  @Test func aFileAloneIsEnough() throws {
    let archive = ZipFixture(arrays(Self.greys, names: Self.keras), .deflated)
    try Fixture.withDirectory(["any.name": archive.bytes]) { path in
      let (found, expected) = try (Dataset(at: path + "/any.name"), Self.greys.digests)
      #expect(DataDigests(found) == expected)
    }
  }

  // MARK: CSV

  private func csv(
    isTest: Bool, header: Bool = true, labels: Bool = true, lineEnd: String = "\n",
    quote: String = "", separator: String = ","
  ) -> [UInt8] {
    let data = Self.greys
    let pixels = data.pixels(isTest: isTest, channelsFirst: true)
    let values = isTest ? data.test : data.training
    let names = (labels ? ["label"] : []) + (0..<25).map { "pixel\($0)" }
    let rows = values.indices.map { sample in
      (labels ? [values[sample]] : []) + pixels[sample * 25..<(sample + 1) * 25]
    }
    let lines =
      (header ? [names.map { quote + $0 + quote }.joined(separator: separator)] : [])
      + rows.map { row in row.map { quote + String($0) + quote }.joined(separator: separator) }
    return Array(lines.joined(separator: lineEnd).utf8)
  }

  @Test func csvInEveryDress() throws {
    let expected = try Self.greys.digests
    for header in [true, false] {
      for lineEnd in ["\n", "\r\n", "\r", "\n\n"] {
        for (quote, separator) in [("", ","), ("\"", ","), ("", ";"), ("\"", "\t"), ("", " , ")] {
          let parts = [false, true].map {
            csv(
              isTest: $0, header: header, lineEnd: lineEnd, quote: quote, separator: separator)
          }
          let end = Array(lineEnd.utf8)
          #expect(
            try digests(["mnist_train.csv": parts[0] + end, "mnist_test.csv": parts[1]])
              == expected)
        }
      }
    }
    let packed = ["train.csv.gz": false, "test.csv.gz": true].mapValues {
      Fixture.gzip([0xef, 0xbb, 0xbf] + csv(isTest: $0))
    }
    #expect(try digests(packed) == expected)
  }

  /// Kaggle's test part: its images test nothing, so some of the training images do.
  @Test(arguments: [true, false]) func csvWithoutLabelsOfTheTestPart(header: Bool) throws {
    let files = [
      "train.csv": csv(isTest: false, header: header),
      "test.csv": csv(isTest: true, header: header, labels: false),
      "sample_submission.csv": Array("ImageId,Label\n1,0\n".utf8),
    ]
    try Fixture.withDirectory(files) { path in
      var options = ReadingOptions()
      options.testShare = 0.5
      let (dataset, remarks) = try Dataset.read(path, options)
      #expect(remarks.count == 3)
      #expect(remarks[0].contains("test.csv has no labels: its 3 images"))
      #expect(remarks[1].contains("passed over sample_submission.csv"))
      #expect(remarks[2].hasPrefix("No test set in"))
      #expect(dataset.training.count == 4)
      let idx = try Fixture.withDirectory(idx(Self.greys, axes: 3)) { try Dataset(at: $0).training }
      let (kept, heldOut) = try idx.split(.share(0.5), seed: 1, purpose: .testSplit)
      #expect(dataset.training == kept)
      #expect(dataset.test == heldOut)
    }
  }
}
