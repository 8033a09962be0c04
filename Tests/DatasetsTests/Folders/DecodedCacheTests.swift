// Decoded bytes that are kept: read again while nothing has changed, made again otherwise, and never
// a reason for a run to end.

import Foundation
import PTrainDiagnostics
import PTrainMemory
import Testing

@testable import PTrainDatasets

@Suite struct DecodedCacheTests {
  private func folder() throws -> FolderFixture {
    try FolderFixture([
      "data/a/1.pgm": Picture.grey(1), "data/a/2.pgm": Picture.grey(2),
      "data/a/note.txt": [1], "data/b/1.pgm": Picture.grey(3), "data/b/bad.png": [],
    ])
  }

  private func read(
    _ folder: FolderFixture, _ data: String = "data", skipsBad: Bool = true, size: String? = nil,
    cache: String = "cache"
  ) throws -> FolderReading {
    var options = ReadingOptions()
    options.skipsBad = skipsBad
    options.preparation.size = size.flatMap(ImageSize.init)
    options.threadCount = 2
    options.cacheDirectory = "\(folder.path)/\(cache)"
    return try FolderReading(
      folder.root.appending(Array(data.utf8)), roles: FolderPart.Role.allCases, options)
  }

  private func cacheFiles(_ folder: FolderFixture) -> [String] {
    fileNames("\(folder.path)/cache").sorted()
  }

  private func isKept(_ reading: FolderReading) -> Bool {
    reading.remarks.contains { $0.contains(" are kept in ") }
  }

  @Test func theSecondReadingDecodesNothing() throws {
    let folder = try folder()
    let first = try read(folder)
    #expect(isKept(first))
    #expect(cacheFiles(folder).count == 1)
    // What decoding would find now is not what the times and sizes tell.
    let cached = "\(folder.path)/cache/\(cacheFiles(folder)[0])"
    let before = try readFile(cached, limit: 1 << 20)
    let second = try read(folder)
    #expect(!isKept(second))
    #expect(Array(second.remarks) == Array(first.remarks.dropLast()))
    #expect(second.leftOut == first.leftOut)
    #expect(second.parts.map(\.labels) == [[0, 0, 1]])
    #expect(second.parts.map(\.pixels) == first.parts.map(\.pixels))
    #expect(try readFile(cached, limit: 1 << 20) == before)
  }

  @Test func badFilesAreRefusedFromTheCacheToo() throws {
    let folder = try folder()
    let kept = try read(folder)
    let failure = try #require(throws: Failure.self) { try read(folder, skipsBad: false) }
    #expect(failure.message == kept.leftOut[0])
    #expect(failure.message.hasSuffix("/data/b/bad.png: the file is empty"))
  }

  @Test func everyDamagedByteIsNoticed() throws {
    let folder = try folder()
    let first = try read(folder)
    let path = "\(folder.path)/cache/\(cacheFiles(folder)[0])"
    let whole = try readFile(path, limit: 1 << 20)
    let layout = try FolderLayout(
      root: folder.root.appending(Array("data".utf8)), roles: FolderPart.Role.allCases)
    let cache = DecodedCache(
      directory: "\(folder.path)/cache", layout: layout, preparation: ImagePreparation(),
      threadCount: 1)
    #expect(cache.content(try ByteStore(whole))?.pixels == first.parts[0].pixels)
    for index in whole.indices {
      var damaged = whole
      damaged[index] ^= 0x10
      #expect(cache.content(try ByteStore(damaged)) == nil, "byte \(index)")
    }
    for count in whole.indices {
      #expect(cache.content(try ByteStore(Array(whole[..<count]))) == nil, "\(count) bytes")
    }
    try writeFile(path, Array(whole.dropLast()))
    #expect(isKept(try read(folder)))
    #expect(try readFile(path, limit: 1 << 20) == whole)
  }

  @Test func whatHasChangedIsDecodedAgainIntoTheSameFile() throws {
    let folder = try folder()
    _ = try read(folder)
    let names = cacheFiles(folder)
    try folder.add("data/a/2.pgm", Picture.grey(9))
    let changed = try read(folder)
    #expect(isKept(changed))
    #expect(changed.parts[0].pixels[6] == 9)
    try folder.add("data/a/3.pgm", Picture.grey(8))
    #expect(try read(folder).parts[0].labels == [0, 0, 0, 1])
    #expect(cacheFiles(folder) == names)
    // The size of a file and its times are as before, but it is another one.
    var times = [timespec(), timespec()]
    var status = stat()
    stat("\(folder.path)/data/a/1.pgm", &status)
    (times[0], times[1]) = (status.st_atim, status.st_mtim)
    try folder.add("data/a/1.pgm", Picture.grey(7))
    utimensat(AT_FDCWD, "\(folder.path)/data/a/1.pgm", times, 0)
    #expect(try read(folder).parts[0].pixels[0] == 7)
  }

  @Test func otherChoicesAndPlacesHaveFilesOfTheirOwn() throws {
    let folder = try folder()
    _ = try read(folder)
    #expect(isKept(try read(folder, size: "5")))
    #expect(cacheFiles(folder).count == 2)
    #expect(!isKept(try read(folder)))
    try folder.link("other", to: "data")
    #expect(!isKept(try read(folder, "other")))
  }

  @Test func aPlaceThatTakesNoFileIsToldAndNoError() throws {
    let folder = try folder()
    try folder.add("cache", [1])
    let reading = try read(folder)
    #expect(reading.parts[0].labels == [0, 0, 1])
    #expect(
      reading.remarks.last
        == "Decoded images (1 kB) are not kept: \(folder.path)/cache: expected a "
        + "directory, found a file")
  }

  @Test func digestsDoNotTellTheNumberOfThreads() {
    let bytes = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 16) }
    bytes.withUnsafeBytes { bytes in
      let parts = [UnsafeRawBufferPointer(rebasing: bytes[..<5]), bytes]
      let one = contentDigest(parts, threadCount: 1)
      #expect(contentDigest(parts, threadCount: 4) == one)
      #expect(contentDigest([parts[1], parts[0]], threadCount: 4) != one)
      #expect(contentDigest([], threadCount: 4) == sha256([]))
    }
  }
}
