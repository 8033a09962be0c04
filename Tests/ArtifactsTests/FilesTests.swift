// Files are whole or not there, and what stops them is told with the right exit code.

import Artifacts
import Diagnostics
import Glibc
import Testing

@Suite struct FilesTests {
  let directory = TemporaryDirectory()

  @Test func replacesAFile() throws {
    let path = directory.path + "/file"
    try writeFile(path, Array("first".utf8))
    try writeFile(path, Array("second".utf8))
    #expect(try readFile(path, limit: 100) == Array("second".utf8))
    #expect(directory.names() == ["file"])
  }

  @Test func refusesMoreThanTheLimit() throws {
    let path = directory.path + "/file"
    try writeFile(path, [1, 2, 3])
    #expect(try readFile(path, limit: 3).count == 3)
    #expect(throws: Failure(.badData, "\(path): 3 bytes, expected at most 2")) {
      try readFile(path, limit: 2)
    }
  }

  @Test func refusesWhatIsNoFile() {
    for path in [directory.path, "/dev/zero"] {
      #expect(throws: Failure(.missingInput, "\(path): expected a file, found something else")) {
        try readFile(path, limit: 100)
      }
    }
  }

  @Test func writingIntoNothingCannotBeCreated() {
    let error = #expect(throws: Failure.self) { try writeFile(directory.path + "/no/file", [1]) }
    #expect(error?.kind == .cannotCreate)
  }

  /// Every write to this device says that the disk is full.
  @Test func fullDiskIsAnInputOutputError() throws {
    let descriptor = open("/dev/full", O_WRONLY)
    try #require(descriptor >= 0)
    defer { close(descriptor) }
    let error = #expect(throws: Failure.self) {
      try writeAll(descriptor, [1, 2, 3], path: "model")
    }
    #expect(error == Failure(.inputOutput, "model: No space left on device"))
  }

  @Test func aFailedReplacementKeepsTheOldFile() throws {
    let path = directory.path + "/file"
    try makeDirectory(path + "/inside")
    #expect(throws: Failure.self) { try writeFile(path, [1]) }
    #expect(directory.names() == ["file"])
  }

  @Test func makesDirectoriesAbove() throws {
    try makeDirectory(directory.path + "/a/b/c/")
    try makeDirectory(directory.path + "/a/b")
    #expect(directory.names(directory.path + "/a/b") == ["c"])
    try writeFile(directory.path + "/file", [])
    for path in ["/file", "/file/below"] {
      let error = #expect(throws: Failure.self) { try makeDirectory(directory.path + path) }
      #expect(error?.kind == .cannotCreate)
    }
  }
}
