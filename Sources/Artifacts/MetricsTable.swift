// metrics.csv: the epochs of metrics.jsonl as a table, for spreadsheets and plots.

import Glibc
import PTrainDiagnostics

/// A table of epochs that is open for appending.
package final class MetricsTable {
  /// Longest file that is read, in bytes.
  private static let byteLimit = 64 << 20

  private let path: String
  private let descriptor: Int32
  private var isEmpty: Bool

  /// Opens a new table, or one that a run goes on with in `epoch`: what it will write again is removed.
  package init(path: String, keepingEpochsBefore epoch: Int? = nil) throws {
    self.path = path
    var kept: [UInt8] = []
    if let epoch, fileExists(path) {
      kept = Self.rows(try readFile(path, limit: Self.byteLimit), before: epoch)
    }
    try writeFile(path, kept)
    isEmpty = kept.isEmpty
    descriptor = open(path, O_WRONLY | O_APPEND | O_CLOEXEC)
    guard descriptor >= 0 else { throw creationFailure(path) }
  }

  /// The head and the rows of a table that a run which goes on in `epoch` will not write again.
  package static func rows(_ bytes: [UInt8], before epoch: Int) -> [UInt8] {
    let lines = bytes.split(separator: UInt8(ascii: "\n"))
    guard let head = lines.first, head.starts(with: "epoch,".utf8) else { return [] }
    let kept = lines.dropFirst().filter { line in
      let number = Int(String(decoding: line.prefix { $0 != UInt8(ascii: ",") }, as: UTF8.self))
      let isWhole = line.count { $0 == UInt8(ascii: ",") } == head.count { $0 == UInt8(ascii: ",") }
      return isWhole && number.map { $0 < epoch } ?? false
    }
    return Array(([head] + kept).joined(separator: [UInt8(ascii: "\n")])) + [UInt8(ascii: "\n")]
  }

  deinit { close(descriptor) }

  /// Appends an epoch's line of `metrics.jsonl`, under a head of its keys if it is the first.
  package func append(_ line: JSONText) throws {
    guard case .object(let pairs) = line else { return }
    let fields = pairs.fields.filter { $0.key != "event" }
    let head = isEmpty ? fields.map(\.key).joined(separator: ",") + "\n" : ""
    let row = fields.map(\.value.cell).joined(separator: ",") + "\n"
    try writeAll(descriptor, Array((head + row).utf8), path: path)
    isEmpty = false
  }
}

extension JSONText {
  /// As a cell; texts in these tables are digests.
  fileprivate var cell: String {
    if case .string(let text) = self { text } else { self.text }
  }
}
