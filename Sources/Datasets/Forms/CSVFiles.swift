// CSV files of images: one with all of them, or a directory with parts for training and test.

import PTrainDiagnostics

/// A text file of rows, or a directory whose `.csv` files are named `train`, `test` and `val`.
struct CSVFiles: DataForm {
  static let expectation =
    "a .csv file (or a directory with train and test ones) of rows with a label and pixels 0-255"

  private let path: String
  private let training: String?
  private let validation: String?
  private let test: String?
  private let others: [String]

  init?(at path: DataPath) {
    self.path = path.path
    guard path.isDirectory else {
      guard Self.isText(path.firstBytes(1 << 16), file: path.path) else { return nil }
      training = path.path
      (validation, test, others) = (nil, nil, [])
      return
    }
    let files = path.names.filter {
      let name = $0.lowercased()
      return !name.hasPrefix(".") && (name.hasSuffix(".csv") || name.hasSuffix(".csv.gz"))
    }
    guard !files.isEmpty else { return nil }
    func file(_ part: String) -> [String] { files.filter { $0.lowercased().contains(part) } }
    let (trains, tests, validations) = (file("train"), file("test"), file("val"))
    guard trains.count <= 1, tests.count <= 1, validations.count <= 1,
      !(trains + tests).isEmpty || files.count == 1
    else { return nil }
    let used = trains + tests + validations
    let place = { (name: String) in "\(path.path)/\(name)" }
    training = (used.isEmpty ? files : trains).first.map(place)
    validation = validations.first.map(place)
    test = tests.first.map(place)
    others = used.isEmpty ? [] : files.filter { !used.contains($0) }
  }

  /// Whether bytes begin a table: its first line has several fields and no byte that text has not.
  private static func isText(_ bytes: [UInt8], file: String) -> Bool {
    var bytes = bytes
    if GzipReader.recognizes(bytes) {
      // Cut off: what comes before the end is enough.
      guard var reader = try? GzipReader(bytes, file: file), let start = try? reader.read(4096)
      else { return false }
      bytes = start
    }
    guard bytes.allSatisfy({ $0 >= 0x20 || [0x09, 0x0a, 0x0d].contains($0) }) else { return false }
    var fields = CSVFields(bytes)
    guard fields.beginRow(), let first = fields.next() else { return false }
    return !first.endsRow
  }

  func read(_ wanted: WantedParts, _ options: ReadingOptions) throws(Failure) -> DataParts {
    var parts = DataParts()
    var pixelCount: Int?
    if let training, wanted == .everything || test == nil {
      let table = try CSVTable(content(training), file: training)
      pixelCount = table.pixelCount
      parts.training = try table.imageSet(options.preparation.size)
      guard parts.training != nil else {
        throw Failure(
          .badData, "\(training): its header names no column 'label'; training needs labels")
      }
    }
    if let validation, wanted == .everything {
      let table = try CSVTable(content(validation), file: validation)
      parts.validation = try table.imageSet(options.preparation.size)
    }
    if let test {
      let table = try CSVTable(content(test), file: test, pixelCount: pixelCount)
      parts.test = try table.imageSet(options.preparation.size)
      if parts.test == nil {
        parts.remarks.append("\(test) has no labels: its \(table.count) images test nothing")
      }
    }
    if !others.isEmpty {
      parts.remarks.append("\(path): passed over \(others.joined(separator: ", "))")
    }
    return parts
  }

  private func content(_ file: String) throws(Failure) -> [UInt8] {
    let limit = 1 << 33
    let bytes = try readFile(file, limit: limit)
    guard GzipReader.recognizes(bytes) else { return bytes }
    var reader = try GzipReader(bytes, file: file)
    var content: [UInt8] = []
    while true {
      let piece = try reader.read(1 << 20)
      content += piece
      if piece.count < 1 << 20 { return content }
      guard content.count < limit else {
        throw Failure(.badData, "\(file): more than \(limit) bytes of text; at most that are read")
      }
    }
  }
}
