// The checkpoints of a run directory: the last two, each written whole before the oldest goes.
// A damaged one is put aside with a warning, and the one before it is used.

import Glibc
import PTrainDiagnostics

/// The directory `checkpoint/` of a run.
package struct CheckpointStore: Sendable {
  private static let keptCount = 2
  private static let prefix = "step-"
  private static let suffix = ".safetensors"
  private static let digitCount = 12

  package let directory: String

  package init(directory: String) { self.directory = directory }

  /// Writes a checkpoint, then removes all but the last two. Returns its path.
  ///
  /// Throws `cannotCreate` or `inputOutput`, or `fault` for one that could not be read again; earlier
  /// checkpoints are then as they were.
  @discardableResult
  package func save(_ checkpoint: Checkpoint) throws -> String {
    try makeDirectory(directory)
    let path = path(ofStep: checkpoint.snapshot.position.runStep)
    try checkpoint.snapshot.position.check(path)
    try Safetensors.write(checkpoint.bytes, to: path)
    for old in steps.dropFirst(Self.keptCount) { unlink(self.path(ofStep: old)) }
    StagedFile.removeLeftOvers(in: directory)
    return path
  }

  /// The last checkpoint that is whole.
  ///
  /// `warn` gets a line for each that is not; those are renamed, so that no later one counts them
  /// among the last two. Throws `missingInput` where there is none at all, `badData` where all are
  /// damaged, or where one is whole and yet not for this ptrain to read: it stays as it is.
  package func load(warn: (String) -> Void) throws -> Checkpoint {
    let candidates = steps
    guard !candidates.isEmpty else {
      throw Failure(.missingInput, "\(directory): no checkpoint to resume from")
    }
    for step in candidates {
      let path = path(ofStep: step)
      do {
        let bytes = try readFile(path, limit: Safetensors.fileByteLimit)
        if Checkpoint.isIntact(bytes) { return try Checkpoint(bytes, source: path) }
        warn(
          "\(path): damaged, its digest does not fit its content; trying the checkpoint before it")
        rename(path, path + ".damaged")
      } catch let failure as Failure where failure.kind != .badData {
        warn("\(failure.message); trying the checkpoint before it")
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

  /// Steps of the checkpoints that are there, the last first.
  private var steps: [Int] { fileNames(directory).compactMap(Self.step).sorted(by: >) }

  /// Only names that `path(ofStep:)` gives.
  private static func step(ofName name: String) -> Int? {
    guard name.hasPrefix(prefix), name.hasSuffix(suffix) else { return nil }
    let digits = name.dropFirst(prefix.count).dropLast(suffix.count)
    let isNumber = digits.utf8.allSatisfy { (0x30...0x39).contains($0) }
    return digits.count == digitCount && isNumber ? Int(digits) : nil
  }
}
