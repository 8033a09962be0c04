// IDX and gzip parsing: complete files as they are, damaged ones with a line that says why.
// Every hostile input here was once a way to crash a parser of this format.

import PTrainDiagnostics
import Testing

@testable import PTrainDatasets

@Suite struct IDXTests {
  private func parse(_ bytes: [UInt8], as content: IDX.Content = .images) throws -> IDX {
    try IDX(bytes, as: content, file: "F")
  }

  private func message(_ bytes: [UInt8], as content: IDX.Content = .images) -> String {
    let failure = Fixture.failure { _ = try parse(bytes, as: content) }
    #expect(failure?.kind == .badData)
    return failure?.message ?? ""
  }

  @Test func plainImages() throws {
    let idx = try parse(Fixture.images(4))
    #expect(idx.dimensions == [4, 3, 2])
    #expect(Array(idx.elements) == (0..<24).map { UInt8($0) })
  }

  @Test func plainLabels() throws {
    let idx = try parse(Fixture.labels([3, 1, 255]), as: .labels)
    #expect(idx.dimensions == [3])
    #expect(Array(idx.elements) == [3, 1, 255])
  }

  @Test func gzipEqualsPlain() throws {
    let bytes = Fixture.images(1000, height: 28, width: 28)
    #expect(try parse(Fixture.gzip(bytes)) == parse(bytes))
  }

  @Test func gzipOfTwoMembers() throws {
    let bytes = Fixture.images(50)
    let parts = Fixture.gzip(Array(bytes[..<100])) + Fixture.gzip(Array(bytes[100...]))
    #expect(try parse(parts) == parse(bytes))
  }

  @Test func everyTruncationIsRefused() {
    let plain = Fixture.images(4)
    let packed = Fixture.gzip(plain)
    for length in 0..<plain.count {
      #expect(message(Array(plain.prefix(length))).hasPrefix("F: "))
    }
    for length in 0..<packed.count {
      #expect(message(Array(packed.prefix(length))).hasPrefix("F: "))
    }
  }

  /// The checksum of gzip covers the content; only padding bits may change unnoticed.
  @Test func flippedBitsNeverChangeGzipContent() throws {
    let original = try parse(Fixture.images(40))
    let packed = Fixture.gzip(Fixture.images(40))
    var refusals = 0
    for position in 10..<packed.count {
      var damaged = packed
      damaged[position] ^= 0x10
      do {
        #expect(try parse(damaged) == original)
      } catch {
        refusals += 1
      }
    }
    #expect(refusals >= packed.count - 12)
  }

  @Test func swappedFilesAreNamed() {
    #expect(message(Fixture.labels([1, 2])).contains("holds labels"))
    #expect(message(Fixture.images(2), as: .labels).contains("swapped"))
  }

  @Test func neitherIDXNorGzip() {
    #expect(message(Array("<html>not found</html>".utf8)).contains("neither IDX nor gzip"))
  }

  /// The third byte of a magic number is the type of the elements, the fourth the count of axes.
  @Test(
    arguments: [
      (0x0d03, "IDX of 32-bit floats with 3 axes (0x00000d03)"),
      (0x0e03, "IDX of 64-bit floats with 3 axes (0x00000e03)"),
      (0x0903, "IDX of signed bytes with 3 axes (0x00000903)"),
      (0x0b03, "IDX of 16-bit integers with 3 axes (0x00000b03)"),
      (0x0c01, "IDX of 32-bit integers with 1 axis (0x00000c01)"),
      (0x0802, "IDX of unsigned bytes with 2 axes (0x00000802)"),
      (0x0805, "IDX of unsigned bytes with 5 axes (0x00000805)"),
      (0x0a03, "neither IDX nor gzip: begins with 0x00000a03"),
      (0x0103_0803, "neither IDX nor gzip: begins with 0x01030803"),
    ] as [(UInt32, String)])
  func otherElementsAreNamed(magic: UInt32, what: String) {
    let bytes = Fixture.bigEndian([magic, 1, 1, 1, 0])
    #expect(message(bytes) == "F: \(what), expected 0x00000803 (IDX images)")
    #expect(message(Fixture.gzip(bytes)) == "F: \(what), expected 0x00000803 (IDX images)")
    #expect(message(bytes, as: .labels) == "F: \(what), expected 0x00000801 (IDX labels)")
  }

  @Test func gzipTruncationIsNamed() {
    let packed = Fixture.gzip(Fixture.images(100))
    #expect(message(Array(packed.dropLast(5))).contains("ends too early"))
  }

  @Test func gzipWithStrayBytes() {
    let packed = Fixture.gzip(Fixture.images(3))
    #expect(message(packed + [1, 2, 3]).contains("3 stray bytes"))
    #expect(message(packed + [0x1f]).contains("1 stray bytes"))
    #expect(message(packed + [UInt8](repeating: 0, count: 511) + [1]).contains("512 stray bytes"))
    #expect(message(packed + [0] + packed).contains("stray bytes"))
  }

  /// Tapes and file systems fill their blocks; `gzip -t` takes it.
  @Test(arguments: [1, 2, 3, 10, 18, 512, 100_000]) func gzipWithZerosBehindIt(count: Int) throws {
    let bytes = Fixture.images(50)
    let zeros = [UInt8](repeating: 0, count: count)
    #expect(try parse(Fixture.gzip(bytes) + zeros) == parse(bytes))
    let members = Fixture.gzip(Array(bytes[..<100])) + Fixture.gzip(Array(bytes[100...]))
    #expect(try parse(members + zeros) == parse(bytes))
  }

  /// Zeros that gzip did not write are no end of a member that is cut.
  @Test func zerosDoNotCompleteATruncation() {
    let packed = Fixture.gzip(Fixture.images(50))
    for length in 1..<packed.count {
      let cut = Array(packed.prefix(length)) + [UInt8](repeating: 0, count: 512)
      // A checksum or size that ends in zeros is complete with them.
      guard !packed[length...].allSatisfy({ $0 == 0 }) else { continue }
      #expect(message(cut).hasPrefix("F: "))
    }
  }

  @Test func trailingBytes() {
    #expect(message(Fixture.images(3) + [0]).contains("more than 18"))
    #expect(message(Fixture.gzip(Fixture.images(3) + [0])).contains("more than 18"))
  }

  @Test func hugeHeaders() {
    let small: [UInt32] = [0x803, 1 << 20, 28, 28]
    let content = [UInt8](repeating: 0, count: 1000)
    let announced = "announces 1048576 x 28 x 28 bytes"
    #expect(message(Fixture.bigEndian(small) + content).contains(announced))
    #expect(message(Fixture.gzip(Fixture.bigEndian(small) + content)).contains(announced))
    for header in [[0x803, UInt32.max, 4096, 4096], [0x803, .max, 28, 28]] as [[UInt32]] {
      #expect(message(Fixture.bigEndian(header) + content).contains("at most"))
    }
    let wide: [UInt32] = [0x803, .max, .max, .max]
    #expect(message(Fixture.bigEndian(wide)).contains("each side must be 1 to 4096"))
  }

  @Test func noSamplesAndNoPixels() {
    #expect(message(Fixture.images(0)).contains("holds no images"))
    #expect(message(Fixture.labels([]), as: .labels).contains("holds no labels"))
    #expect(message(Fixture.bigEndian([0x803, 1, 0, 28])).contains("each side"))
    #expect(message([]).contains("empty"))
  }

  @Test func errorsAreOneLine() {
    for bytes in [[], [1], Fixture.images(0), Fixture.labels([1]), Fixture.images(2) + [0]] {
      #expect(!message(bytes).contains("\n"))
    }
  }
}
