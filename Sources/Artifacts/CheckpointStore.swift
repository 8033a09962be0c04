// The checkpoints of a run directory: the last two, each written whole before the oldest goes.
// A damaged one is put aside with a warning, and the one before it is used.

import Diagnostics
import Glibc

/// The directory `checkpoint/` of a run.
package struct CheckpointStore: Sendable {
  /// Longest checkpoint that is read, in bytes.
  private static let byteLimit = Safetensors.fileByteLimit
  private static let keptCount = 2
  private static let prefix = "step-"
  private static let suffix = ".safetensors"
  private static let digitCount = 12

  package let directory: String

  package init(directory: String) { self.directory = directory }

  /// Writes a checkpoint, then removes all but the last two. Returns its path.
  ///
  /// Throws `cannotCreate` or `inputOutput`; earlier checkpoints are then as they were.
  @discardableResult
  package func save(_ checkpoint: Checkpoint) throws -> String {
    try makeDirectory(directory)
    let path = path(ofStep: checkpoint.snapshot.position.runStep)
    try writeFile(path, checkpoint.bytes)
    let names = self.names
    for old in Self.steps(in: names).dropFirst(Self.keptCount) { unlink(self.path(ofStep: old)) }
    for left in names where Self.isLeftOver(left) { unlink("\(directory)/\(left)") }
    return path
  }

  /// The last checkpoint that is whole.
  ///
  /// `warn` gets a line for each that is not; those are renamed, so that no later one counts them
  /// among the last two. Throws `missingInput` where there is none at all, `badData` where all are
  /// damaged.
  package func load(warn: (String) -> Void) throws -> Checkpoint {
    let candidates = Self.steps(in: names)
    guard !candidates.isEmpty else {
      throw Failure(.missingInput, "\(directory): no checkpoint to resume from")
    }
    for step in candidates {
      let path = path(ofStep: step)
      do {
        return try Checkpoint(readFile(path, limit: Self.byteLimit), source: path)
      } catch let failure as Failure {
        warn("\(failure.message); trying the checkpoint before it")
        if failure.kind == .badData { rename(path, path + ".damaged") }
      }
    }
    throw Failure(.badData, "\(directory): none of its checkpoints can be used")
  }

  /// Where the checkpoint of a run's step lies.
  func path(ofStep step: Int) -> String {
    let digits = String(step)
    let zeros = String(repeating: "0", count: max(0, Self.digitCount - digits.count))
    return "\(directory)/\(Self.prefix)\(zeros)\(digits)\(Self.suffix)"
  }

  private var names: [String] {
    guard let stream = opendir(directory) else { return [] }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      let name = withUnsafeBytes(of: &entry.pointee.d_name) {
        String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
      }
      names.append(name)
    }
    return names
  }

  /// Steps of the checkpoints that are there, the last first.
  private static func steps(in names: [String]) -> [Int] {
    names.compactMap(step).sorted(by: >)
  }

  /// What a process that was killed while it wrote leaves behind.
  private static func isLeftOver(_ name: String) -> Bool {
    name.hasPrefix(prefix) && name.hasSuffix(suffix + ".partial")
  }

  /// Only names that `path(ofStep:)` gives.
  private static func step(ofName name: String) -> Int? {
    guard name.hasPrefix(prefix), name.hasSuffix(suffix) else { return nil }
    let digits = name.dropFirst(prefix.count).dropLast(suffix.count)
    let isNumber = digits.utf8.allSatisfy { (0x30...0x39).contains($0) }
    return digits.count == digitCount && isNumber ? Int(digits) : nil
  }
}
