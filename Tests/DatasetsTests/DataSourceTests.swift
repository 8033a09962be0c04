// The order in which a run looks for data.
// Each place is shown to win over those after it, and to lose to those before.

import Foundation
import PTrainDiagnostics
import Testing

@testable import PTrainDatasets

@Suite struct DataSourceTests {
  private let unreachable = Download(
    mirrors: ["file:///nowhere"], files: [RemoteFile(name: "f.gz", sha256: "", byteCount: 1)])

  private func locate(
    option: String? = nil, _ environment: [String: String] = [:], fashionMNIST: String = "/none"
  ) throws -> (DataSource, [DataSourceEvent]) {
    var events: [DataSourceEvent] = []
    let source = try DataSource.locate(
      option: option, environment: environment, download: unreachable,
      fashionMNIST: fashionMNIST
    ) { events.append($0) }
    return (source, events)
  }

  @Test func optionComesFirst() throws {
    let (source, events) = try locate(option: "/a", ["PTRAIN_DATA": "/b"])
    #expect(source == DataSource(path: "/a", origin: .option))
    #expect(events.isEmpty)
  }

  @Test func environmentComesNext() throws {
    let (source, _) = try locate(["PTRAIN_DATA": "/b", "XDG_CACHE_HOME": "/c"])
    #expect(source == DataSource(path: "/b", origin: .environment))
  }

  @Test func filledCacheNeedsNoDownload() throws {
    try Fixture.withDirectory { cache in
      let directory = cache + "/ptrain/mnist"
      try FileManager.default.createDirectory(
        atPath: directory, withIntermediateDirectories: true)
      for (name, bytes) in Fixture.files {
        try Data(bytes).write(to: URL(filePath: "\(directory)/\(name)"))
      }
      let (source, events) = try locate(["XDG_CACHE_HOME": cache, "PTRAIN_DATA": ""])
      #expect(source == DataSource(path: directory, origin: .cache))
      #expect(events.isEmpty)
      #expect(try source.load().dataset.classCount == 3)
    }
  }

  @Test func downloadFillsTheCache() throws {
    let labels = Fixture.labels([1])
    let download = { (mirror: String) in
      Download(
        mirrors: ["file://" + mirror],
        files: [
          RemoteFile(name: "f", sha256: sha256(labels), byteCount: labels.count)
        ])
    }
    try Fixture.withDirectory(["f": labels]) { mirror in
      let source = try DataSource.locate(
        option: nil, environment: ["HOME": mirror], download: download(mirror)
      ) { _ in }
      #expect(source.origin == .download)
      #expect(source.path == mirror + "/.cache/ptrain/mnist")
      #expect(FileManager.default.fileExists(atPath: source.path + "/f"))
    }
  }

  @Test func fashionMNISTIsAnnouncedLoudly() throws {
    try Fixture.withDirectory(Fixture.files) { fashion in
      try Fixture.withDirectory { home in
        let (source, events) = try locate(["HOME": home], fashionMNIST: fashion)
        #expect(source == DataSource(path: fashion, origin: .fashionMNIST))
        #expect(events.last?.description.contains("USING FASHION-MNIST") == true)
      }
    }
  }

  @Test func anUnwritableCacheFallsThroughToo() throws {
    try Fixture.withDirectory(Fixture.files) { fashion in
      for environment in [[:], ["HOME": "/dev/null"], ["XDG_CACHE_HOME": "relative"]] {
        let (source, _) = try locate(environment, fashionMNIST: fashion)
        #expect(source.origin == .fashionMNIST)
      }
    }
  }

  @Test func nothingAtAllIsAMissingInput() {
    let failure = Fixture.failure { _ = try locate() }
    #expect(failure?.kind == .missingInput)
    #expect(failure?.message.contains("pass data of your own") == true)
  }

  @Test func relativeCacheHomeIsIgnored() throws {
    let directory = try DataSource.cacheDirectory(["XDG_CACHE_HOME": "x", "HOME": "/h"])
    #expect(directory == "/h/.cache/ptrain/mnist")
  }
}
