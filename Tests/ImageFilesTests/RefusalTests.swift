// Files that cannot be decoded: each is refused with one line that says why, before memory is taken.

import CPTrainZlib
import PTrainDiagnostics
import Testing

@testable import PTrainImageFiles

@Suite struct RefusalTests {
  private func reason(_ bytes: [UInt8], pixelLimit: Int = 1 << 27) -> String? {
    do {
      _ = try DecodedImage(
        bytes, source: "f", options: DecodingOptions(pixelLimit: pixelLimit))
      return nil
    } catch {
      #expect(error.kind == .badData)
      #expect(!error.message.contains("\n"))
      return error.message
    }
  }

  @Test func emptyAndUnknownFiles() {
    #expect(reason([]) == "f: the file is empty")
    #expect(
      reason(Array("<!DOCTYPE html>".utf8))
        == "f: no image: begins with 3c 21 44 4f; expected PNG, JPEG, BMP or PNM")
    #expect(
      reason(Array("GIF89a".utf8))
        == "f: is GIF, which is not decoded; expected PNG, JPEG, BMP or PNM")
    #expect(reason(Array("RIFF1234WEBPVP8 ".utf8))?.contains("is WebP") == true)
  }

  /// Every beginning of every form, which never may trap, and is refused where pixels are missing.
  @Test(
    arguments: Images.readable([
      "color.png", "color-interlaced.png", "alpha-palette.png", "quarter.jpg", "progressive.jpg",
      "color.bmp", "grey-runs.bmp", "color-palette.bmp", "color.ppm", "color-text.ppm",
      "levels-1-text.pbm",
    ])) func everyBeginning(name: String) throws
  {
    let bytes = try Images.bytes(name)
    let whole = try Images.decoded(name)
    for count in 0..<bytes.count {
      let part = Array(bytes[..<count])
      guard let decoded = try? DecodedImage(part, source: name) else { continue }
      // Only what stands behind the pixels may be missing.
      #expect(count > bytes.count - 16, "\(name): \(count) of \(bytes.count) bytes were taken")
      #expect(name.hasSuffix("text.ppm") || decoded == whole, "\(count)")
    }
    #expect(reason(Array(bytes[..<(bytes.count / 2)])) != nil)
  }

  @Test(.enabled(if: Images.readsAll)) func aTruncatedProgressiveJPEGIsNoBlurredOne() throws {
    let bytes = try Images.bytes("progressive.jpg")
    // Between two scans: all that is there is sound.
    let scan = try #require(
      (1..<bytes.count).last { bytes[$0 - 1] == 0xff && bytes[$0] == 0xda })
    #expect(reason(Array(bytes[..<(scan - 1)]))?.contains("Premature end") == true)
  }

  @Test(.enabled(if: Images.readsAll)) func bombsOfPNGAreRefusedByWhatTheyDeclare() {
    let bomb = png(width: 60_000, height: 60_000, data: [])
    #expect(
      reason(bomb)
        == "f: declares 60000 x 60000 pixels; at most \(1 << 27) are decoded")
    let wide = png(width: 70_000, height: 1, data: [])
    #expect(reason(wide) == "f: declares 70000 x 1 pixels; at most 65535 a side are decoded")
    let small = png(width: 10_000, height: 10_000, data: [])
    #expect(reason(small)?.contains("more than its \(small.count) bytes can hold") == true)
  }

  @Test func bombsOfPNMAreRefusedByWhatTheyDeclare() {
    #expect(reason(Array("P6 60000 60000 255 ".utf8))?.contains("declares 60000") == true)
    #expect(reason(Array("P3 9999 9999 255 1 2 3".utf8))?.contains("ends too early") == true)
    #expect(reason(Array("P6 0 5 255 ".utf8))?.contains("each side must be 1 or more") == true)
  }

  @Test func theLimitOfPixelsHoldsForEveryForm() throws {
    for name in Images.readable(["color.png", "quarter.jpg", "color.bmp", "color.ppm"]) {
      #expect(reason(try Images.bytes(name), pixelLimit: 100)?.contains("at most 100") == true)
    }
  }

  @Test(.enabled(if: Images.readsAll)) func damagedPixelsOfAPNG() throws {
    var bytes = try Images.bytes("color.png")
    bytes[60] ^= 1
    #expect(reason(bytes)?.contains("PNG data cannot be decoded") == true)
  }

  @Test func numbersThatAreNotAllowedInPNM() {
    #expect(reason(Array("P2 1 1 10 11 ".utf8)) == "f: a value of 11, above the largest, 10")
    #expect(reason(Array("P2 1 1 70000 1 ".utf8))?.contains("expected 1 to 65535") == true)
    #expect(reason(Array("P2 1 x 255 1 ".utf8)) == "f: byte 5: expected the height")
    #expect(reason(Array("P2 99999999999999999999 1 255 1".utf8))?.contains("declares") == true)
    #expect(reason(Array("P1 1 1 2".utf8)) == "f: byte 7: expected a pixel of 0 or 1")
  }

  @Test func colorsBeyondAPaletteAndOddHeadersOfBMP() throws {
    var bytes = try Images.bytes("color-palette.bmp")
    bytes[46] = 5
    #expect(reason(bytes)?.contains("the palette has 5") == true)
    bytes = try Images.bytes("color.bmp")
    bytes[14] = 41
    #expect(reason(bytes)?.contains("a BMP header of 41 bytes") == true)
    bytes = try Images.bytes("color.bmp")
    bytes[30] = 4
    #expect(reason(bytes)?.contains("BMP with JPEG data") == true)
    bytes[30] = 9
    #expect(reason(bytes)?.contains("compression 9") == true)
  }

  /// A PNG of colours; `data` is what its pixels are compressed to.
  private func png(width: UInt32, height: UInt32, data: [UInt8]) -> [UInt8] {
    func bigEndian(_ value: UInt32) -> [UInt8] {
      [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) }
    }
    func chunk(_ kind: String, _ data: [UInt8]) -> [UInt8] {
      let body = Array(kind.utf8) + data
      let sum = crc32(0, body, UInt32(body.count))
      return bigEndian(UInt32(data.count)) + body + bigEndian(UInt32(sum))
    }
    return [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]
      + chunk("IHDR", bigEndian(width) + bigEndian(height) + [8, 2, 0, 0, 0])
      + chunk("IDAT", data) + chunk("IEND", [])
  }
}
