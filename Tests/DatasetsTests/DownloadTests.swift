// Downloads from file:// mirrors: verified, resumed, refused, and never waiting for long.
// The network is not needed; curl treats a local mirror as it treats a remote one.

import Foundation
import PTrainDiagnostics
import Testing

@testable import PTrainDatasets

@Suite struct DownloadTests {
  /// Runs `body` with a mirror that holds the fixture's files as gzip, and an empty cache.
  private func withMirror(
    _ body: (_ mirror: String, _ cache: String, _ download: Download) throws -> Void
  ) throws {
    let plain = Fixture.files
    let packed = plain.map { ($0.key + ".gz", Fixture.gzip($0.value)) }
    let files = plain.map {
      RemoteFile(
        name: $0.key + ".gz", sha256: sha256($0.value), byteCount: $0.value.count)
    }
    try Fixture.withDirectory(Dictionary(uniqueKeysWithValues: packed)) { mirror in
      try Fixture.withDirectory { cache in
        try body(mirror, cache + "/a/b", Download(mirrors: ["file://" + mirror], files: files))
      }
    }
  }

  private func contents(_ directory: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: directory).sorted()
  }

  @Test func fetchesAndVerifies() throws {
    try withMirror { _, cache, download in
      var events: [DataSourceEvent] = []
      try download.fetch(into: cache) { events.append($0) }
      #expect(try contents(cache) == Fixture.files.keys.map { $0 + ".gz" }.sorted())
      #expect(try Dataset(at: cache).classCount == 3)
      #expect(events.filter { if case .downloading = $0 { true } else { false } }.count == 4)
    }
  }

  @Test func digestIsSHA256() {
    // FIPS 180-2, appendix B.1.
    #expect(
      sha256(Array("abc".utf8))
        == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
  }

  @Test func resumesAPart() throws {
    try withMirror { mirror, cache, download in
      let name = download.files[0].name
      let whole = try Data(contentsOf: URL(filePath: "\(mirror)/\(name)"))
      try FileManager.default.createDirectory(
        atPath: cache, withIntermediateDirectories: true)
      try whole.prefix(20).write(to: URL(filePath: "\(cache)/\(name).part"))
      // The mirror's first bytes are spoiled: only a resumed transfer ends well.
      var spoiled = whole
      spoiled.replaceSubrange(0..<20, with: Data(repeating: 0, count: 20))
      try spoiled.write(to: URL(filePath: "\(mirror)/\(name)"))
      try download.fetch(into: cache) { _ in }
      #expect(try Data(contentsOf: URL(filePath: "\(cache)/\(name)")) == whole)
    }
  }

  @Test func startsAgainWhenThePartIsOfAnotherFile() throws {
    try withMirror { _, cache, download in
      let name = download.files[0].name
      try FileManager.default.createDirectory(
        atPath: cache, withIntermediateDirectories: true)
      try Data([9, 9, 9]).write(to: URL(filePath: "\(cache)/\(name).part"))
      try download.fetch(into: cache) { _ in }
      #expect(try contents(cache).count == 4)
    }
  }

  @Test func refusesOtherContent() throws {
    try withMirror { mirror, cache, download in
      let name = "train-images-idx3-ubyte.gz"
      try Data(Fixture.gzip(Fixture.images(6))).write(to: URL(filePath: "\(mirror)/\(name)"))
      var events: [DataSourceEvent] = []
      let failure = Fixture.failure { try download.fetch(into: cache) { events.append($0) } }
      #expect(failure?.message.contains("no mirror is left for \(name)") == true)
      #expect(events.contains { $0.description.contains("does not match its SHA-256") })
      #expect(try contents(cache).allSatisfy { !$0.hasPrefix("train-images") })
    }
  }

  @Test func goesOnWithTheNextMirror() throws {
    try withMirror { mirror, cache, download in
      var download = download
      download.mirrors = ["file:///nowhere", "file://" + mirror]
      var events: [DataSourceEvent] = []
      try download.fetch(into: cache) { events.append($0) }
      // A mirror that failed once is not asked again.
      #expect(events.filter { if case .mirrorFailed = $0 { true } else { false } }.count == 1)
      #expect(try contents(cache).count == 4)
    }
  }

  @Test func keepsThePartOfAnUnreachableMirror() throws {
    try withMirror { _, cache, download in
      var download = download
      download.mirrors = ["http://127.0.0.1:1"]
      try FileManager.default.createDirectory(
        atPath: cache, withIntermediateDirectories: true)
      let part = download.files[0].name + ".part"
      try Data([1, 2]).write(to: URL(filePath: "\(cache)/\(part)"))
      #expect(throws: Failure.self) { try download.fetch(into: cache) { _ in } }
      #expect(try contents(cache) == [part])
    }
  }

  @Test func namesAMissingCurl() throws {
    try withMirror { _, cache, download in
      var download = download
      download.curl = "no-such-curl"
      var events: [DataSourceEvent] = []
      #expect(throws: Failure.self) { try download.fetch(into: cache) { events.append($0) } }
      #expect(events.last?.description.contains("no-such-curl: No such file") == true)
    }
  }

  /// A server that accepts and never answers must not hold the run for long.
  @Test func leavesASilentServer() throws {
    let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(listener) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    withUnsafeMutableBytes(of: &address) { bytes in
      let pointer = bytes.baseAddress!.assumingMemoryBound(to: sockaddr.self)
      #expect(bind(listener, pointer, length) == 0)
      #expect(getsockname(listener, pointer, &length) == 0)
    }
    #expect(listen(listener, 8) == 0)
    try withMirror { _, cache, download in
      var download = download
      download.mirrors = ["http://127.0.0.1:\(UInt16(bigEndian: address.sin_port))"]
      download.stallSeconds = 1
      var events: [DataSourceEvent] = []
      #expect(throws: Failure.self) { try download.fetch(into: cache) { events.append($0) } }
      #expect(events.contains { if case .progress = $0 { true } else { false } })
    }
  }
}
