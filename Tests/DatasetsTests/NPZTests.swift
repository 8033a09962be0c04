// numpy's archives: floats that stay floats, signals, and what is refused.

import PTrainDiagnostics
import Testing

@testable import PTrainDatasets

@Suite struct NPZTests {
  private func parts(_ arrays: [NumPyArray]) throws -> DataParts {
    try NPZContent(ZipFixture(arrays).bytes, file: "F").parts
  }

  private func failure(_ arrays: [NumPyArray]) -> Failure? {
    Fixture.failure { _ = try parts(arrays) }
  }

  private func images(
    _ type: String, _ shape: [Int], _ values: [Double]? = nil, isFortran: Bool = false
  ) -> NumPyArray {
    NumPyArray(
      name: "x_train", type: type, shape: shape, isFortran: isFortran,
      values: values ?? (0..<shape.reduce(1, *)).map { Double($0) - 3.5 })
  }

  private func labels(_ values: [Double], _ type: String = "<i8", _ shape: [Int]? = nil)
    -> NumPyArray
  {
    NumPyArray(name: "y_train", type: type, shape: shape ?? [values.count], values: values)
  }

  private func floats(_ set: ImageSet) -> [Float] { (0..<set.valueCount).map(set.float(at:)) }

  @Test(arguments: ["<f2", ">f2", "<f4", ">f4", "<f8", ">f8"])
  func floatsStayFloats(type: String) throws {
    for isFortran in [false, true] {
      let set = try #require(
        parts([images(type, [2, 3, 4], isFortran: isFortran), labels([1, 0])]).training)
      #expect(set.pixelType == .float)
      #expect((set.height, set.width, set.channels) == (3, 4, 1))
      #expect(floats(set) == (0..<24).map { Float($0) - 3.5 })
      #expect(set.labels == [1, 0])
    }
  }

  /// Channels stand last in memory, whatever the array's axes.
  @Test func axesOfFloats() throws {
    let expected = [0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11].map { Float($0) - 3.5 }
    let planes = try #require(parts([images("<f4", [1, 3, 2, 2]), labels([0])]).training)
    #expect((planes.height, planes.width, planes.channels) == (2, 2, 3))
    #expect(floats(planes) == expected)
    let last = try #require(parts([images("<f4", [1, 2, 2, 3]), labels([0])]).training)
    #expect((last.height, last.width, last.channels) == (2, 2, 3))
    #expect(floats(last) == (0..<12).map { Float($0) - 3.5 })
    let signals = try #require(parts([images("<f4", [2, 7]), labels([0, 1])]).training)
    #expect((signals.height, signals.width, signals.channels) == (7, 1, 1))
    let axes = try #require(parts([images("<f4", [2, 7, 3]), labels([0, 1])]).training)
    #expect((axes.height, axes.width, axes.channels) == (7, 1, 3))
    #expect(floats(axes) == (0..<42).map { Float($0) - 3.5 })
  }

  /// One value that is no byte makes floats of every part.
  @Test func integersBeyondBytesAreFloats() throws {
    var test = images("<i2", [1, 2, 2], [0, 256, 3, -1])
    test.name = "x_test"
    var label = labels([0])
    label.name = "y_test"
    let training = images("|u1", [2, 2, 2], [0, 1, 2, 3, 4, 5, 6, 255])
    let read = try parts([training, labels([0, 1]), test, label])
    #expect(read.training?.pixelType == .float)
    #expect(read.training.map(floats) == [0, 1, 2, 3, 4, 5, 6, 255])
    #expect(read.test.map(floats) == [0, 256, 3, -1])
    #expect(try parts([training, labels([0, 1])]).training?.pixelType == .byte)
    let flags = try parts([images("|b1", [1, 2, 2], [1, 0, 0, 1]), labels([0])]).training
    #expect(flags.map { Array($0.images) } == [1, 0, 0, 1])
  }

  @Test func floatsAreNormalisedByChannel() throws {
    let set = try #require(
      parts([images("<f8", [2, 2, 1, 3], [1, 5, -4, 3, 5, 0, 1, 5, 4, 3, 5, 8]), labels([0, 1])])
        .training)
    let dataset = try Dataset(name: "x", training: set, test: set)
    #expect(dataset.normalization.pixelType == .float)
    #expect(dataset.normalization.means == [2, 5, 2])
    #expect(dataset.normalization.standardDeviations == [1, 1, Float(20).squareRoot()])
    #expect(dataset.normalization.input(8, channel: 2) == 6 / Float(20).squareRoot())
    // A value far from 0 keeps its digits: sums are taken around the mean.
    let far = (0..<6).map { 1e6 + Double($0 % 2) }
    let offset = try #require(parts([images("<f8", [1, 2, 1, 3], far), labels([0])]).training)
    #expect(offset.floatNormalization.standardDeviations == [0.5, 0.5, 0.5])
  }

  @Test(arguments: [Double.nan, .infinity, -.infinity, 1e300])
  func valuesThatAreNoNumbersAreRefused(value: Double) throws {
    var values = (0..<12).map { Double($0) }
    values[7] = value
    let set = try #require(parts([images("<f8", [3, 2, 2], values), labels([0, 1, 0])]).training)
    let good = try #require(parts([images("<f8", [1, 2, 2]), labels([0])]).training)
    let message = "x: training sample 1 holds a NaN or an infinity; expected numbers"
    #expect(
      Fixture.failure { _ = try Dataset(name: "x", training: set, test: good) }
        == Failure(.badData, message))
    #expect(
      Fixture.failure { _ = try Dataset(name: "x", training: good, test: set) }?.message
        == message.replacing("training", with: "test"))
  }

  @Test func labelsOfAnyWholeNumbers() throws {
    for (type, shape) in [("<f4", [2]), ("|u1", [2, 1]), (">i4", [2, 1]), ("<f8", [2, 1])] {
      let read = try parts([images("<f4", [2, 2, 2]), labels([3, 7], type, shape)])
      #expect(read.training?.labels == [3, 7])
    }
    let many = try parts([images("<f4", [2, 2, 2]), labels([65_534, 0])])
    #expect(many.training?.classNames.count == 65_535)
  }

  @Test func labelsThatAreNone() {
    let x = images("<f4", [2, 2, 2])
    for (label, text) in [(-1.0, "-1.0"), (65_535, "65535.0"), (1e300, "1e+300")] {
      let message = failure([x, labels([0, label], "<f8")])?.message
      #expect(
        message
          == "F: 'y_train.npy': sample 1 has label \(text); expected a whole number from 0 to 65534"
      )
    }
    #expect(failure([x, labels([0, 0.5], "<f4")])?.message.contains("label 0.5") == true)
    #expect(
      failure([x, labels([0, 1, 0, 1], "<i8", [2, 2])])?.message.contains("shape 2 x 2") == true)
    #expect(failure([x, labels([0, 1, 2])])?.message == "F: 2 training images, but 3 labels")
    #expect(failure([x])?.message == "F: 'x_train.npy' has no training labels beside it")
    #expect(failure([labels([0])])?.message == "F: 'y_train.npy' has no training images beside it")
  }

  @Test func arraysThatHoldNoNumbers() throws {
    func header(_ text: String, version: UInt8 = 1) -> Failure? {
      let bytes =
        [0x93] + Array("NUMPY".utf8) + [version, 0, UInt8(text.utf8.count), 0] + Array(text.utf8)
      let archive = ZipFixture(files: [("x_train.npy", bytes), ("y_train.npy", labels([0]).bytes)])
      return Fixture.failure { _ = try NPZContent(archive.bytes, file: "F") }
    }
    func dictionary(_ type: String, _ shape: String = "(1, 2)", flag: String = "False") -> String {
      "{'descr': \(type), 'fortran_order': \(flag), 'shape': \(shape), }"
    }
    #expect(header(dictionary("'|O'"))?.message.contains("Python objects") == true)
    #expect(header(dictionary("[('a', '<f4')]"))?.message.contains("records") == true)
    for type in ["'<c8'", "'<U5'", "'<f16'", "'|S3'", "'<M8[s]'", "''", "'<'", "'<i3'"] {
      #expect(header(dictionary(type))?.message.contains("elements of type") == true, "\(type)")
    }
    for text in [
      "", "{", "{}", "[]", dictionary("'|u1'", "(1, x)"), dictionary("'|u1'", "1"),
      dictionary("'|u1'", "(-1,)"), dictionary("'|u1'", flag: "Maybe"), dictionary("'a\\'b'"),
      dictionary("'|u1'", "(99999999999999999999,)"), "{'descr': '|u1'}", "{'what': 1}",
    ] {
      #expect(header(text)?.message.contains("header is damaged") == true, "\(text)")
    }
    #expect(header(dictionary("'|u1'"), version: 4)?.message.contains("version 4.0") == true)
    // Far more than follows, and more than an Int holds.
    for shape in ["(9000000000,)", "(4611686018427387904, 4611686018427387904)", "(0, 3)"] {
      #expect(header(dictionary("'|u1'", shape))?.kind == .badData)
    }
    #expect(header(dictionary("'|u1'", "(3L, 2L)"))?.message.contains("3 x 2 elements") == true)
  }

  @Test func shapesThatAreNoImages() {
    for shape in [[2], [2, 2, 2, 2], [2, 1, 2, 2, 2], [1, 1, 5000]] {
      #expect(failure([images("<f4", shape), labels([0, 1])])?.kind == .badData)
    }
  }

  @Test func archivesThatAreDamaged() throws {
    let good = ZipFixture([images("|u1", [4, 8, 8], nil), labels([0, 1, 0, 1])], .deflated).bytes
    #expect(throws: Never.self) { try NPZContent(good, file: "F") }
    for count in 0..<good.count {
      let failure = Fixture.failure { _ = try NPZContent(Array(good[..<count]), file: "F") }
      #expect(failure?.kind == .badData)
    }
    for place in good.indices {
      var bytes = good
      bytes[place] ^= 0x55
      // Names, times and the like may differ; a trap would end the test.
      let failure = Fixture.failure { _ = try NPZContent(bytes, file: "F") }
      #expect(failure?.kind ?? .badData == .badData)
    }
    let encrypted = Fixture.failure {
      var bytes = good
      let directory = try #require(bytes.firstRange(of: [0x50, 0x4b, 1, 2]))
      bytes[directory.lowerBound + 8] = 1
      _ = try NPZContent(bytes, file: "F")
    }
    #expect(encrypted?.message.contains("encrypted") == true)
    let empty = Fixture.failure { _ = try NPZContent(ZipFixture(files: []).bytes, file: "F") }
    #expect(empty?.message.contains("holds nothing; expected arrays x_train") == true)
    let other = ZipFixture(files: [("weights.npy", labels([1]).bytes)]).bytes
    #expect(
      Fixture.failure { _ = try NPZContent(other, file: "F") }?.message.contains("'weights.npy'")
        == true)
  }
}
