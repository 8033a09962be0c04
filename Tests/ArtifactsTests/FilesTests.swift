// Files are whole or not there, and what stops them is told with the right exit code.

import Glibc
import PTrainArtifacts
import PTrainDiagnostics
import Synchronization
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

  /// In a process of its own, whose environment it changes.
  @Test func temporaryFilesLieInTMPDIR() async {
    await #expect(processExitsWith: .success) {
      let directory = TemporaryDirectory()
      setenv("TMPDIR", directory.path, 1)
      let file = try TemporaryFile()
      var buffer = [UInt8](repeating: 0, count: 4096)
      let count = buffer.withUnsafeMutableBytes {
        readlink(file.path, $0.baseAddress!.assumingMemoryBound(to: CChar.self), $0.count)
      }
      try #require(count > 0)
      #expect(String(decoding: buffer[..<count], as: UTF8.self).hasPrefix(directory.path + "/"))
      #expect(directory.names().isEmpty)
      try file.write("text")
      #expect(try file.contents() == Array("text".utf8))
      setenv("TMPDIR", directory.path + "/missing", 1)
      let failure = #expect(throws: Failure.self) { try TemporaryFile() }
      #expect(failure?.kind == .inputOutput)
      #expect(failure?.message.contains("in \(directory.path)/missing: No such file") == true)
    }
  }

  @Test func aLinkToANameThatIsNotUTF8IsRefused() throws {
    let path = directory.path + "/link"
    let target = Array("\(directory.path)/x".utf8CString.dropLast()) + [-1, 0]
    try #require(symlink(target, path) == 0)
    let failure = #expect(throws: Failure.self) { try writeFile(path, [1]) }
    #expect(failure?.kind == .cannotCreate)
    #expect(directory.names() == ["link"])
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

  @Test func onlyFilesAreReplaced() throws {
    let (folder, pipe) = (directory.path + "/folder", directory.path + "/pipe")
    try makeDirectory(folder)
    try #require(mkfifo(pipe, 0o600) == 0)
    for (path, kind) in [(folder, "a directory"), (pipe, "no regular file")] {
      #expect(
        throws: Failure(
          .cannotCreate, "\(path): cannot create it: it is \(kind); name a file")
      ) { try writeFile(path, [1]) }
    }
    #expect(directory.names() == ["folder", "pipe"])
    #expect(status(pipe).st_mode & S_IFMT == S_IFIFO)
  }

  private func status(_ path: String) -> stat {
    var status = stat()
    lstat(path, &status)
    return status
  }

  @Test func aNewVersionHasModeAndOwnerOfTheOld() throws {
    let path = directory.path + "/file"
    try writeFile(path, [1])
    // Only root may give files away.
    let owner = geteuid() == 0 ? uid_t(12_345) : geteuid()
    try #require(chown(path, owner, gid_t(owner)) == 0 || owner == geteuid())
    for mode in [0o600, 0o640, 0o444, 0o755] as [mode_t] {
      try #require(chmod(path, mode) == 0)
      try writeFile(path, [2])
      #expect(status(path).st_mode & 0o7777 == mode)
      #expect(status(path).st_uid == owner)
    }
  }

  @Test(arguments: ["target", "./below/../target", "other link", "missing"])
  func aLinksTargetIsReplaced(target: String) throws {
    let path = directory.path
    try makeDirectory(path + "/below")
    try writeFile(path + "/target", [1])
    try #require(symlink(path + "/target", path + "/other link") == 0)
    try #require(symlink(target, path + "/link") == 0)
    try writeFile(path + "/link", [2, 3])
    #expect(status(path + "/link").st_mode & S_IFMT == S_IFLNK)
    #expect(status(path + "/other link").st_mode & S_IFMT == S_IFLNK)
    #expect(try readFile(path + "/link", limit: 10) == [2, 3])
    #expect(try readFile(path + "/target", limit: 10) == (target == "missing" ? [1] : [2, 3]))
  }

  @Test func linksWithoutAnEndAreRefused() throws {
    try #require(symlink("loop", directory.path + "/loop") == 0)
    let error = #expect(throws: Failure.self) { try writeFile(directory.path + "/loop", [1]) }
    #expect(error?.kind == .cannotCreate)
  }

  @Test func namesMayBeAsLongAsTheSystemHasThem() throws {
    let name = String(repeating: "n", count: 255)
    try writeFile("\(directory.path)/\(name)", [1])
    let error = #expect(throws: Failure.self) { try writeFile("\(directory.path)/\(name)n", [1]) }
    #expect(error?.kind == .cannotCreate)
    #expect(directory.names() == [name])
  }

  @Test func severalWritersOfOneFileLeaveOneVersion() throws {
    let path = directory.path + "/file"
    let failures = Atomic<Int>(0)
    let threads = try (1...8).map { writer in
      try SystemThread {
        let bytes = [UInt8](repeating: UInt8(writer), count: 1000 * writer)
        for _ in 0..<20 {
          if (try? writeFile(path, bytes)) == nil { failures.add(1, ordering: .relaxed) }
        }
      }
    }
    for thread in threads { thread.join() }
    #expect(failures.load(ordering: .relaxed) == 0)
    let bytes = try readFile(path, limit: 100_000)
    #expect(bytes == [UInt8](repeating: bytes[0], count: 1000 * Int(bytes[0])))
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
