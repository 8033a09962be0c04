// The parsers of untrusted input, each as a function of bytes.
// A parser may refuse what it gets with a `Failure`; anything else that happens is a finding.

import PTrainArtifacts
import PTrainDatasets
import PTrainDiagnostics
import PTrainImageFiles
import PTrainNetworks

/// A parser to fuzz, named as `Scripts/fuzz` names it.
enum FuzzTarget: String, CaseIterable {
  case idxImages = "idx-images"
  case idxLabels = "idx-labels"
  case npz
  case cifar
  case csv
  case safetensors
  case description
  case checkpoint
  case metrics
  case image
  case decodedCache = "decoded-cache"

  /// Keeps one input's memory far below the limit that counts as a finding.
  private static let byteLimit = 64 << 20

  /// Parses `bytes`, which may be anything; returns whether they were what the parser wants.
  @discardableResult
  func run(_ bytes: [UInt8]) -> Bool {
    // A seal would keep the fuzzer out of everything behind it.
    if self == .checkpoint, let file = try? Safetensors(bytes, source: "input") {
      accepts { _ = try Checkpoint(file, source: "input") }
      accepts { _ = try TrainedModel(file, source: "input") }
    }
    if self == .cifar { accepts { try cifar(bytes, .hundred) } }
    return accepts { try parse(bytes) }
  }

  @discardableResult
  private func accepts(_ body: () throws -> Void) -> Bool {
    do {
      try body()
      return true
    } catch {
      guard let failure = error as? Failure else { fatalError("not a failure: \(error)") }
      precondition(!failure.message.contains("\n"), "a failure of several lines")
      return false
    }
  }

  private func parse(_ bytes: [UInt8]) throws {
    switch self {
    case .idxImages: _ = try IDX(bytes, as: .images, file: "input", byteLimit: Self.byteLimit)
    case .idxLabels: _ = try IDX(bytes, as: .labels, file: "input", byteLimit: Self.byteLimit)
    case .npz: _ = try NPZContent(bytes, file: "input", byteLimit: Self.byteLimit)
    case .cifar: try cifar(bytes, .ten)
    case .csv: _ = try CSVTable(bytes, file: "input").imageSet(nil)
    case .safetensors: _ = try Safetensors(bytes, source: "input")
    case .description:
      _ = try ModelDescription.parse(yaml: String(decoding: bytes, as: UTF8.self), source: "input")
    case .checkpoint: _ = try Checkpoint(bytes, source: "input")
    case .metrics: _ = MetricsFile.lines(bytes, before: 2)
    case .image:
      _ = try? HeaderSize(bytes, source: "input")
      let options = DecodingOptions(pixelLimit: 1 << 20)
      _ = try DecodedImage(bytes, source: "input", options: options)
    case .decodedCache: try DecodedCache.check(bytes)
    }
  }

  private func cifar(_ bytes: [UInt8], _ kind: CIFARKind) throws {
    var records = CIFARRecords(kind)
    try records.append(bytes, file: "input")
    _ = try records.imageSet(nil)
  }
}
