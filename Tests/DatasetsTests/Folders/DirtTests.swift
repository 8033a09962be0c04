// The dirt of real folders: each case does what is promised of it.

import Foundation
import PTrainDiagnostics
import PTrainImageFiles
import Testing

@testable import PTrainDatasets

@Suite struct DirtTests {
  /// A class of one image and one with `files`.
  private func folder(_ files: [String: [UInt8]]) throws -> FolderFixture {
    let folder = try FolderFixture(["a/1.ppm": Picture.color(1, width: 19, height: 13)])
    for (name, bytes) in files { try folder.add("b/\(name)", bytes) }
    return folder
  }

  /// The images of class b.
  private func images(_ reading: FolderReading) -> [[UInt8]] {
    let byteCount = reading.height * reading.width * reading.channels
    let bytes = Array(reading.parts[0].pixels.dropFirst(byteCount))
    return stride(from: 0, to: bytes.count, by: byteCount).map {
      Array(bytes[$0..<$0 + byteCount])
    }
  }

  @Test func whatIsNoImageIsPassedOverAndCounted() throws {
    let folder = try folder([
      "1.ppm": Picture.color(2, width: 19, height: 13), ".DS_Store": [0, 0, 0, 1],
      "Thumbs.db": [0xd0, 0xcf], "._1.ppm": [0, 5, 22, 7], "labels.txt": Array("cat\n".utf8),
      "text.txt": Array("P1 is what it is called".utf8), "__MACOSX/2.ppm": Picture.color(3),
      ".git/3.ppm": Picture.color(3),
    ])
    try folder.add("README.md", [1])
    try folder.add("__MACOSX/x/2.ppm", Picture.color(3))
    try folder.add(".hidden/4.ppm", Picture.color(3))
    mkfifo("\(folder.path)/b/pipe.png", 0o600)
    try folder.link("b/itself", to: "itself")
    let reading = try folder.read()
    #expect(reading.parts[0].labels == [0, 1])
    #expect(
      reading.remarks == [
        "Passed over: 4 hidden, 3 Thumbs.db and the like, 1 beside the class folders, 4 no images"
      ])
  }

  @Test func linksAreFollowedAndLoopsAreNot() throws {
    let folder = try folder(["1.ppm": Picture.color(2, width: 19, height: 13)])
    try folder.add("elsewhere/deep/2.ppm", Picture.color(3, width: 19, height: 13))
    try folder.link("b/2.ppm", to: "../elsewhere/deep/2.ppm")
    try folder.link("b/again", to: "../b")
    try folder.link("b/more", to: "../elsewhere")
    try folder.add("elsewhere/deep/deeper/3.ppm", Picture.color(4, width: 19, height: 13))
    try folder.link("elsewhere/deep/loop", to: "..")
    let reading = try folder.read()
    // b/1, b/2, b/more/deep/2, b/more/deep/deeper/3; then elsewhere's two.
    #expect(images(reading).map { $0[0] } == [2, 3, 3, 4, 3, 4])
    #expect(reading.remarks == ["Passed over: 3 folders that a link leads to again"])
    try folder.link("b/nowhere.png", to: "missing")
    #expect(try folder.refusal() == "DIR/b/nowhere.png: No such file or directory")
  }

  @Test func namesAreAnyBytes() throws {
    let folder = try folder(["with space.ppm": Picture.color(2, width: 19, height: 13)])
    try folder.add("b/line\nbreak.ppm", Picture.color(3, width: 19, height: 13))
    try folder.add("b/größe 東京.ppm", Picture.color(4, width: 19, height: 13))
    try folder.add(
      Array("b/x".utf8) + [0xfe, 0xff] + Array(".ppm".utf8), Picture.color(5, width: 19, height: 13)
    )
    let reading = try folder.read()
    #expect(images(reading).map { $0[0] } == [4, 3, 2, 5])
    try folder.add("b/line\nbreak.png", [])
    #expect(try folder.refusal() == "DIR/b/line\\x0abreak.png: the file is empty")
  }

  #if Images
    /// The same picture in every form, under any name, gives the same bytes.
    @Test func theContentDecidesNotTheName() throws {
      let names = [
        "color.png", "color-interlaced.png", "color-16.png", "color-palette.png",
        "color-opaque.png",
        "color.bmp", "color-palette.bmp", "color.ppm", "color-exif-1.png", "color-exif-2.png",
        "color-exif-3.png", "color-exif-4.png", "color-exif-5.png", "color-exif-6.png",
        "color-exif-7.png", "color-exif-8.png",
      ]
      var files: [String: [UInt8]] = [:]
      for name in names { files["\(name).jpg"] = try Picture.committed(name) }
      let expected = try DecodedImage(Picture.committed("color.pnm"), source: "color.pnm").bytes
      #expect(try images(folder(files).read()) == names.map { _ in expected })
    }

    @Test func everyKindOfImageBecomesOneOfColours() throws {
      let names = [
        "alpha.png", "alpha-palette.png", "cmyk.jpg", "exif-6.jpg", "grey-16.png", "grey-alpha.png",
        "grey.jpg", "grey.png", "key.png", "levels-1.png", "progressive.jpg", "wide.png",
      ]
      var files: [String: [UInt8]] = ["1x1.pgm": Picture.grey(77, width: 1, height: 1)]
      files["4000x3000.pbm"] =
        Array("P4 4000 3000\n".utf8) + [UInt8](repeating: 0, count: 500 * 3000)
      for name in names { files[name] = try Picture.committed(name) }
      let reading = try folder(files).read(size: "19x13", threadCount: 2)
      let decoded = images(reading)
      #expect(decoded.count == files.count)
      #expect(decoded[0] == [UInt8](repeating: 77, count: 3 * 19 * 13))
      #expect(decoded[1] == [UInt8](repeating: 255, count: 3 * 19 * 13))
      for (name, bytes) in zip(names.sorted(), decoded.dropFirst(2)) {
        var preparation = ImagePreparation()
        (preparation.size, preparation.channels) = (ImageSize("19x13"), .rgb)
        #expect(
          bytes == (try preparation.image(Picture.committed(name), source: name)).bytes, "\(name)")
      }
    }

  #endif

  private static let pngBomb: [UInt8] =
    [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13] + Array("IHDR".utf8)
    + [0, 0, 0xea, 0x60, 0, 0, 0xea, 0x60, 8, 2, 0, 0, 0, 0x0a, 0xbc, 0x8d, 0x39]

  /// What is said of a damaged PNG or JPEG, where the build reads any.
  private static func reason(_ form: String, _ reason: String) -> String {
    #if Images
      reason
    #else
      "is \(form), which this build does not decode"
    #endif
  }

  /// Files that cannot be decoded, and what is said of each.
  private static let bad: [(name: String, reason: String)] = [
    ("animation.gif", "is GIF, which is not decoded; expected PNG, JPEG, BMP or PNM"),
    ("bomb.png", reason("PNG", "declares 60000 x 60000 pixels; at most 134217728 are decoded")),
    (
      "cut.jpg",
      reason(
        "JPEG", "the JPEG data cannot be decoded (Corrupt JPEG data: premature end of data segment)"
      )
    ),
    ("empty.png", "the file is empty"),
    ("page.jpg", "no image: begins with 3c 68 74 6d; expected PNG, JPEG, BMP or PNM"),
  ]

  private static func bytes(_ name: String) throws -> [UInt8] {
    switch name {
    case "animation.gif": Array("GIF89a".utf8)
    case "bomb.png": pngBomb
    case "cut.jpg": Array(try Picture.committed("quarter.jpg").dropLast(300))
    case "page.jpg": Array("<html>".utf8)
    default: []
    }
  }

  @Test(arguments: bad.indices) func theFirstBadFileEndsTheRun(index: Int) throws {
    let (name, reason) = Self.bad[index]
    let folder = try folder([
      name: try Self.bytes(name), "0.ppm": Picture.color(2, width: 19, height: 13),
    ])
    #expect(try folder.refusal().hasPrefix("DIR/b/\(name): \(reason)"))
  }

  @Test(arguments: [1, 3]) func badFilesAreLeftOutWhenAsked(threadCount: Int) throws {
    var files: [String: [UInt8]] = ["0.ppm": Picture.color(2, width: 19, height: 13)]
    for (name, _) in Self.bad { files[name] = try Self.bytes(name) }
    files["z.ppm"] = Picture.color(3, width: 19, height: 13)
    let folder = try folder(files)
    let reading = try folder.read(skipsBad: true, threadCount: threadCount)
    #expect(images(reading).map { $0[0] } == [2, 3])
    #expect(reading.remarks == ["Left out: 5 of the files, which cannot be decoded"])
    for (line, (name, reason)) in zip(reading.leftOut, Self.bad) {
      #expect(line.hasPrefix("\(folder.path)/b/\(name): \(reason)"))
    }
    #expect(reading.leftOut.count == Self.bad.count)
    // Without being asked: the first in order, at any number of threads.
    #expect(try folder.refusal(threadCount: threadCount).contains("animation.gif"))
  }

  @Test func aClassOfBadFilesAloneIsEmpty() throws {
    let folder = try folder(["empty.png": []])
    #expect(
      try folder.refusal(skipsBad: true)
        == "DIR: the training set has no image of class b; add some or remove its folder")
  }
}
