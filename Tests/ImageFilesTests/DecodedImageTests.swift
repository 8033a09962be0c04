// Files of every form and the pixels that Pillow or a plain formula gives them; make_images.py made both.

import Foundation
import PTrainDiagnostics
import Testing

@testable import PTrainImageFiles

/// The committed files.
enum Images {
  /// Whether this build reads PNG and JPEG.
  #if Images
    static let readsAll = true
  #else
    static let readsAll = false
  #endif

  /// Those of some files that this build reads.
  static func readable(_ names: [String]) -> [String] {
    names.filter { readsAll || !($0.hasSuffix(".png") || $0.hasSuffix(".jpg")) }
  }

  static func bytes(_ name: String) throws -> [UInt8] {
    let folder = try #require(Bundle.module.resourceURL).appendingPathComponent("Images")
    return [UInt8](try Data(contentsOf: folder.appendingPathComponent(name)))
  }

  static func decoded(
    _ name: String, options: DecodingOptions = DecodingOptions()
  ) throws -> DecodedImage {
    try DecodedImage(bytes(name), source: name, options: options)
  }

  /// A line of expected.txt whose file this build reads: that, the file with its pixels, the background.
  static let expectations: [[String]] = {
    let lines = (try? bytes("expected.txt")).map { String(decoding: $0, as: UTF8.self) } ?? ""
    return lines.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
      .filter { !readable([$0[0]]).isEmpty }
  }()
}

@Suite struct DecodedImageTests {
  @Test func thereAreExpectations() {
    #expect(Images.expectations.count >= (Images.readsAll ? 70 : 20))
  }

  @Test(arguments: Images.expectations) func decodesToTheExpectedBytes(line: [String]) throws {
    let options = DecodingOptions(background: try #require(RGBColor(line[2])))
    let decoded = try Images.decoded(line[0], options: options)
    #expect(decoded == (try Images.decoded(line[1])))
  }

  /// Pixels as they were when the test was written: that of files by libjpeg, too.
  @Test(
    .enabled(if: Images.readsAll),
    arguments: [
      ("quarter.jpg", 38, 39, 3), ("cmyk.jpg", 38, 39, 3), ("grey.jpg", 38, 39, 1),
      ("exif-6.jpg", 11, 17, 3), ("color-exif-8.png", 19, 13, 3), ("levels-4.png", 19, 13, 1),
    ]) func hasTheStatedSize(name: String, width: Int, height: Int, channels: Int) throws
  {
    let image = try Images.decoded(name)
    #expect((image.width, image.height, image.channels) == (width, height, channels))
  }

  @Test(.enabled(if: Images.readsAll)) func lumaIsPillows() throws {
    #expect(try Images.decoded("color.png").converted(to: .gray) == Images.decoded("luma.pnm"))
  }

  @Test func greyAsColoursRepeatsItsValue() throws {
    let grey = try Images.decoded("luma.pnm")
    let colors = grey.converted(to: .rgb)
    #expect(colors.bytes == grey.bytes.flatMap { [$0, $0, $0] })
    #expect(colors.converted(to: .gray) == grey)
  }

  @Test(arguments: [(5, 7), (31, 40), (4, 50), (26, 3), (13, 6), (1, 1)])
  func resizesAsExactFractionsDo(height: Int, width: Int) throws {
    let resized = try Images.decoded("color.pnm").resized(height: height, width: width)
    #expect(resized == (try Images.decoded("resized-\(width)x\(height).pnm")))
  }

  @Test func aConstantImageStaysConstantAtAnySize() {
    let image = DecodedImage(
      height: 3, width: 5, channels: 1, bytes: [UInt8](repeating: 201, count: 15))
    for (height, width) in [(1, 1), (2, 9), (7, 4), (300, 1), (1, 1000)] {
      let resized = image.resized(height: height, width: width)
      #expect(resized.bytes == [UInt8](repeating: 201, count: height * width))
    }
  }

  @Test func backgroundsAreNamesOrSixDigits() {
    #expect(RGBColor("white") == .white)
    #expect(RGBColor("black") == .black)
    #expect(RGBColor("#0aFf80") == RGBColor(10, 255, 128))
    for text in ["", "#", "#fff", "#gggggg", "0aff80", "#0aff8", "#0aff800", "#é0ff8", "red"] {
      #expect(RGBColor(text) == nil, "\(text)")
    }
  }
}
