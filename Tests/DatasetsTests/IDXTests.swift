// IDX and gzip parsing: complete files as they are, damaged ones with a line that says why.
// Every hostile input here was once a way to crash a parser of this format.

import Diagnostics
import Testing

@testable import Datasets

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

  @Test func gzipTruncationIsNamed() {
    let packed = Fixture.gzip(Fixture.images(100))
    #expect(message(Array(packed.dropLast(5))).contains("ends too early"))
  }

  @Test func gzipWithStrayBytes() {
    #expect(message(Fixture.gzip(Fixture.images(3)) + [1, 2, 3]).contains("3 stray bytes"))
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
