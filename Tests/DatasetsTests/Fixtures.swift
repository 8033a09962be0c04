// Small IDX files, gzip streams and temporary directories for the tests of this module.
// Everything is made in the test, so that each damaged file shows what is wrong with it.

import Foundation
import PTrainDiagnostics

@testable import PTrainDatasets

enum Fixture {
  static func bigEndian(_ values: [UInt32]) -> [UInt8] {
    values.flatMap { value in [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) } }
  }

  /// An IDX file of `count` images whose grey values count up.
  static func images(_ count: Int, height: Int = 3, width: Int = 2) -> [UInt8] {
    bigEndian([0x803, UInt32(count), UInt32(height), UInt32(width)])
      + (0..<count * height * width).map { UInt8(truncatingIfNeeded: $0) }
  }

  static func labels(_ labels: [UInt8]) -> [UInt8] {
    bigEndian([0x801, UInt32(labels.count)]) + labels
  }

  /// One gzip member holding `bytes`.
  static func gzip(_ bytes: [UInt8]) -> [UInt8] { gzipMember(bytes) }

  /// Four matching files: 5 training and 3 test images of 3 x 2 pixels in 3 classes.
  static var files: [String: [UInt8]] {
    [
      "train-images-idx3-ubyte": images(5), "train-labels-idx1-ubyte": labels([0, 1, 2, 1, 0]),
      "t10k-images-idx3-ubyte": images(3), "t10k-labels-idx1-ubyte": labels([2, 0, 1]),
    ]
  }

  /// Calls `body` with a directory that holds `files` and vanishes afterwards.
  static func withDirectory<R>(
    _ files: [String: [UInt8]] = [:], _ body: (String) throws -> R
  ) throws -> R {
    let url = FileManager.default.temporaryDirectory.appending(path: "ptrain-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: url) }
    for (name, bytes) in files { try Data(bytes).write(to: url.appending(path: name)) }
    return try body(url.path)
  }

  /// The failure that `body` throws, or nil.
  static func failure(_ body: () throws -> Void) -> Failure? {
    do { try body() } catch { return error as? Failure }
    return nil
  }
}

/// Where the real MNIST is, if the environment says so.
let mnistDirectory = ProcessInfo.processInfo.environment["PTRAIN_DATA"]
