// The binary version of CIFAR-10 and CIFAR-100 (Krizhevsky 2009): records of labels and three planes
// of 32 x 32 bytes, red, green and blue.

import PTrainDiagnostics
import PTrainMemory

/// A directory with the files of one of the two.
struct CIFARFiles: DataForm {
  static let expectation =
    "the binary version of CIFAR-10 (data_batch_1.bin …) or CIFAR-100 (train.bin, fine_label_names.txt)"

  private let path: String
  private let kind: CIFARKind
  private let trainingFiles: [String]

  init?(at path: DataPath) {
    self.path = path.path
    if path.names.contains("data_batch_1.bin") || path.names.contains("test_batch.bin") {
      kind = .ten
      // As many as there are in a row, so that no gap goes unnoticed.
      trainingFiles = (1...9).map { "data_batch_\($0).bin" }.prefix { path.names.contains($0) }
        .map { $0 }
      let others = path.names.filter { $0.hasPrefix("data_batch_") && $0.hasSuffix(".bin") }
      guard others.count == trainingFiles.count else { return nil }
    } else if path.names.contains("fine_label_names.txt")
      || (path.names.contains("train.bin") && path.names.contains("test.bin"))
    {
      kind = .hundred
      trainingFiles = ["train.bin"]
    } else {
      return nil
    }
  }

  func read(_ wanted: WantedParts, _ options: ReadingOptions) throws(Failure) -> DataParts {
    var parts = DataParts()
    let names = try classNames()
    if wanted == .everything {
      guard !trainingFiles.isEmpty else {
        throw Failure(
          .missingInput, "\(path): no data_batch_1.bin; CIFAR's training images are missing")
      }
      parts.training = try read(trainingFiles, names)
    }
    if fileExists("\(path)/\(kind.testFile)") || wanted == .test {
      parts.test = try read([kind.testFile], names)
    }
    return parts
  }

  private func read(_ files: [String], _ names: [String]?) throws(Failure) -> ImageSet {
    var records = CIFARRecords(kind)
    for file in files {
      let path = "\(path)/\(file)"
      try records.append(readFile(path, limit: IDX.byteLimit), file: path)
    }
    return try records.imageSet(names)
  }

  /// Nil where the file of names is missing.
  private func classNames() throws(Failure) -> [String]? {
    let file = "\(path)/\(kind.namesFile)"
    guard fileExists(file) else { return nil }
    let text = String(decoding: try readFile(file, limit: 1 << 16), as: UTF8.self)
    let names = text.split(whereSeparator: \.isNewline).map(String.init)
    guard names.count == kind.classCount, Set(names).count == names.count else {
      throw Failure(
        .badData,
        "\(file): \(Set(names).count) names; expected one for each of the \(kind.classCount) classes"
      )
    }
    return names
  }
}

/// Which of the two.
package enum CIFARKind: Sendable {
  case ten
  /// Its coarse labels are passed over.
  case hundred

  var labelCount: Int { self == .ten ? 1 : 2 }
  var classCount: Int { self == .ten ? 10 : 100 }
  var testFile: String { self == .ten ? "test_batch.bin" : "test.bin" }
  var namesFile: String { self == .ten ? "batches.meta.txt" : "fine_label_names.txt" }
}

/// Images and labels of some files, one behind the other.
package struct CIFARRecords {
  private static let side = 32
  private static let channels = 3

  private let kind: CIFARKind
  /// `[N, 32, 32, 3]`.
  private var images: [UInt8] = []
  private var labels: [UInt16] = []

  package init(_ kind: CIFARKind) { self.kind = kind }

  /// Appends a file's records; throws `.badData` where it holds no whole number of them or a label that
  /// is none.
  package mutating func append(_ bytes: [UInt8], file: String) throws(Failure) {
    let pixels = Self.side * Self.side
    let size = kind.labelCount + Self.channels * pixels
    guard !bytes.isEmpty, bytes.count.isMultiple(of: size) else {
      throw Failure(
        .badData,
        "\(file): \(bytes.count) bytes; expected records of \(size) bytes, copy or fetch it again")
    }
    images.reserveCapacity(images.count + bytes.count)
    for record in stride(from: 0, to: bytes.count, by: size) {
      let label = bytes[record + kind.labelCount - 1]
      guard label < kind.classCount else {
        throw Failure(
          .badData,
          "\(file): record \(record / size) has label \(label); expected 0 to \(kind.classCount - 1)"
        )
      }
      labels.append(UInt16(label))
      let planes = record + kind.labelCount
      for pixel in planes..<planes + pixels {
        images.append(bytes[pixel])
        images.append(bytes[pixel + pixels])
        images.append(bytes[pixel + 2 * pixels])
      }
    }
  }

  /// All of them, without names of classes where there are none; throws `.fault` without memory.
  package func imageSet(_ names: [String]?) throws(Failure) -> ImageSet {
    try ImageSet(
      height: Self.side, width: Self.side, channels: Self.channels, images: images, labels: labels,
      classNames: names)
  }
}
