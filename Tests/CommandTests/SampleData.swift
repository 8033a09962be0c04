// Small IDX files: images whose class can be seen, so that training has something to learn.

import Foundation
import Testing

/// The four files of a dataset, ready to be spoiled.
struct SampleData {
  static let names = [
    "train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
  ]

  /// What a run leaves in its directory.
  static let runFiles = [
    "checkpoint", "evaluation.json", "metrics.csv", "metrics.jsonl", "model.safetensors",
    "report.html",
  ]

  var files: [[UInt8]]

  /// 96 training and 40 test images of 12 x 12 pixels in 4 classes.
  init() {
    files = [
      Self.images(count: 96), Self.labels(count: 96), Self.images(count: 40),
      Self.labels(count: 40),
    ]
  }

  static let side = 12

  static func bigEndian(_ value: UInt32) -> [UInt8] {
    [UInt8(value >> 24), UInt8(value >> 16 & 255), UInt8(value >> 8 & 255), UInt8(value & 255)]
  }

  /// A bright quarter tells the class; a little unevenness tells the images apart.
  static func images(count: Int) -> [UInt8] {
    let pixels = (0..<count * side * side).map { index -> UInt8 in
      let (sample, row, column) = (
        index / (side * side), index / side % side, index % side
      )
      let quarter = row / (side / 2) * 2 + column / (side / 2)
      return (quarter == sample % 4 ? 160 : 20) + UInt8((index * 37 + sample * 11) % 64)
    }
    let header = [0x803, UInt32(count), UInt32(side), UInt32(side)].flatMap(bigEndian)
    return header + pixels
  }

  static func labels(count: Int) -> [UInt8] {
    [0x801, UInt32(count)].flatMap(bigEndian) + (0..<count).map { UInt8($0 % 4) }
  }

  /// Writes the files into `data` below `scratch`.
  func write(to scratch: Scratch, suffix: String = "") throws {
    let folder = scratch.url.appendingPathComponent("data")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    for (name, bytes) in zip(Self.names, files) {
      try scratch.write(bytes, to: "data/\(name)\(suffix)")
    }
  }
}

extension Scratch {
  /// With the sample data in `data`, and in `run` what training `tiny` on it has left.
  static func withRun(epochs: Int) throws -> Scratch {
    let scratch = try Scratch()
    try SampleData().write(to: scratch)
    let run = try CommandLineRun(
      ["--model", "tiny", "--epochs", "\(epochs)", "--data", "data", "--output", "run"],
      in: scratch)
    try #require(run.exitCode == 0, "\(run.errors)")
    return scratch
  }
}
