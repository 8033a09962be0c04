// Folders of images that a test makes, with names that are any bytes, and small files to put there.

import Foundation
import PTrainDiagnostics
import PTrainImageFiles
import Testing

@testable import PTrainDatasets

/// A directory that vanishes with the object.
final class FolderFixture {
  let path: String
  var root: BytePath { BytePath(path) }

  init(_ files: [String: [UInt8]] = [:]) throws {
    path = FileManager.default.temporaryDirectory.path + "/ptrain-\(UUID().uuidString)"
    try makeDirectory(path)
    for (name, bytes) in files { try add(name, bytes) }
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// Writes a file and makes the folders above it.
  func add(_ name: String, _ bytes: [UInt8]) throws { try add(Array(name.utf8), bytes) }

  func add(_ name: [UInt8], _ bytes: [UInt8]) throws {
    if let slash = name.lastIndex(of: UInt8(ascii: "/")) { try makeFolder(Array(name[..<slash])) }
    let descriptor = root.appending(name).withCString {
      open($0, O_WRONLY | O_CREAT | O_TRUNC, 0o644)
    }
    try #require(descriptor >= 0)
    defer { close(descriptor) }
    try writeAll(descriptor, bytes, path: path)
  }

  func makeFolder(_ name: String) throws { try makeFolder(Array(name.utf8)) }

  private func makeFolder(_ name: [UInt8]) throws {
    var done: [UInt8] = []
    for part in name.split(separator: UInt8(ascii: "/")) {
      done += done.isEmpty ? Array(part) : [UInt8(ascii: "/")] + part
      let code = root.appending(done).withCString { mkdir($0, 0o755) }
      try #require(code == 0 || errno == EEXIST)
    }
  }

  func link(_ name: String, to target: String) throws {
    try FileManager.default.createSymbolicLink(
      atPath: "\(path)/\(name)", withDestinationPath: target)
  }

  /// Reads the folder on one thread without a cache, unless told otherwise.
  func read(
    _ roles: [FolderPart.Role] = FolderPart.Role.allCases, size: String? = nil,
    channels: ImageChannels? = nil, skipsBad: Bool = false, threadCount: Int = 1,
    cache: String? = nil
  ) throws -> FolderReading {
    var options = ReadingOptions()
    options.preparation.size = size.flatMap(ImageSize.init)
    options.preparation.channels = channels
    options.skipsBad = skipsBad
    options.threadCount = threadCount
    options.cacheDirectory = cache
    return try FolderReading(root, roles: roles, options)
  }

  /// The message with which reading fails.
  func refusal(size: String? = nil, skipsBad: Bool = false, threadCount: Int = 1) throws -> String {
    let failure = try #require(throws: Failure.self) {
      try read(size: size, skipsBad: skipsBad, threadCount: threadCount)
    }
    #expect(!failure.message.contains("\n"))
    return failure.message.replacingOccurrences(of: path, with: "DIR")
  }
}

enum Picture {
  /// A grey image whose pixels are all `value`.
  static func grey(_ value: UInt8, width: Int = 3, height: Int = 2) -> [UInt8] {
    Array("P5 \(width) \(height) 255 ".utf8) + [UInt8](repeating: value, count: width * height)
  }

  /// The same in colour.
  static func color(_ value: UInt8, width: Int = 3, height: Int = 2) -> [UInt8] {
    Array("P6 \(width) \(height) 255 ".utf8)
      + [UInt8](repeating: value, count: 3 * width * height)
  }

  /// A file that stands among those of ImageFilesTests, of 19 x 13 pixels unless it is a JPEG.
  static func committed(_ name: String) throws -> [UInt8] {
    let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()
    return [UInt8](
      try Data(contentsOf: tests.appendingPathComponent("ImageFilesTests/Images/\(name)")))
  }
}
