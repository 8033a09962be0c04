// metrics.jsonl: what happened in a run, one JSON object a line, for plots and comparisons.
// Lines are appended whole, so that a crash costs at most the last one.

import FoundationEssentials
import Glibc
import PTrainDiagnostics
import PTrainEngine

extension RunInfo {
  /// `data`: everything that training and testing read.
  package func metricsLine(of data: DataFingerprint) -> JSONText {
    .object([
      "event": .string("start"), "model": .string(model), "parameters": .integer(parameterCount),
      "threads": .integer(threadCount), "ranks": .integer(rankCount), "nodes": .integer(nodeCount),
      "instruction_set": .string(instructionSet), "seed": .unsigned(seed),
      "batch_size": .integer(batchSize), "train_samples": .integer(trainSampleCount),
      "test_samples": .integer(testSampleCount),
      "classes": .array(data.classNames.map { .string($0) }),
      "data_digest": .string(data.digests.whole),
      "epochs": .integer(epochCount),
      "optimizer": .string(optimizer), "learning_rate": .number(learningRate),
      "schedule": .string(schedule), "weight_decay": .number(weightDecay),
      "augment": .string(augmentation), "exchanged_bytes_per_step": .integer(exchangedByteCount),
    ])
  }
}

extension RunInfo {
  /// Marks where another process went on with the run.
  package func resumeLine(at position: TrainingPosition) -> JSONText {
    .object([
      "event": .string("resume"), "epoch": .integer(position.epoch),
      "step": .integer(position.step), "threads": .integer(threadCount),
      "ranks": .integer(rankCount), "nodes": .integer(nodeCount),
      "instruction_set": .string(instructionSet),
    ])
  }
}

extension EpochResult {
  package func metricsLine(digest: String) -> JSONText {
    let first: JSONText.KeyValuePairs = [
      "event": .string("epoch"), "epoch": .integer(epoch), "learning_rate": .number(learningRate),
      "train_loss": .number(training.loss), "train_accuracy": .number(training.accuracy),
      "test_loss": .number(test.loss), "test_correct": .integer(test.correctCount),
      "test_accuracy": .number(test.accuracy),
    ]
    let last: JSONText.KeyValuePairs = [
      "seconds": .number(elapsedSeconds), "images_per_second": .number(imagesPerSecond),
      "digest": .string(digest),
    ]
    return .object(.init(first.fields + validationFields.fields + last.fields))
  }

  private var validationFields: JSONText.KeyValuePairs {
    guard let validation else { return [:] }
    return [
      "validation_loss": .number(validation.loss),
      "validation_correct": .integer(validation.correctCount),
      "validation_accuracy": .number(validation.accuracy),
    ]
  }
}

extension RunResult {
  package func metricsLine(digest: String) -> JSONText {
    .object([
      "event": .string("end"), "epochs": .integer(epochCount),
      "seconds": .number(elapsedSeconds), "test_accuracy": .number(testAccuracy),
      "best_test_accuracy": .number(bestTestAccuracy), "best_epoch": .integer(bestEpoch),
      "model_epoch": .integer(keptEpoch), "stopped_by": .string(end.rawValue),
      "digest": .string(digest),
    ])
  }
}

/// What tells one line of a metrics file from another.
private struct LineHead: Decodable {
  let event: String
  let epoch: Int?

  /// Whether a run that goes on in `epoch` will not write this line again.
  func isBefore(epoch: Int) -> Bool {
    switch event {
    case "epoch": self.epoch.map { $0 < epoch } ?? false
    case "end": false
    default: true
    }
  }
}

/// A metrics file that is open for appending.
package final class MetricsFile {
  /// Longest file that is read, in bytes.
  private static let byteLimit = 64 << 20

  private let path: String
  private let descriptor: Int32

  /// Opens `path`, keeping what it holds.
  package init(path: String) throws {
    self.path = path
    descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw creationFailure(path) }
  }

  /// Whether the run of a file came to its end.
  package static func hasEnd(_ path: String) throws -> Bool {
    guard fileExists(path) else { return false }
    let decoder = JSONDecoder()
    let lines = try String(decoding: readFile(path, limit: byteLimit), as: UTF8.self)
    return lines.split(separator: "\n").contains { line in
      (try? decoder.decode(LineHead.self, from: Data(line.utf8)))?.event == "end"
    }
  }

  /// Opens `path` after removing what a run that goes on in `epoch` will write again, and any line
  /// that was cut off.
  package convenience init(path: String, keepingEpochsBefore epoch: Int) throws {
    if fileExists(path) {
      let bytes = try readFile(path, limit: Self.byteLimit)
      try writeFile(path, Self.lines(bytes, before: epoch))
    }
    try self.init(path: path)
  }

  /// The lines of a file that a run which goes on in `epoch` will not write again.
  package static func lines(_ bytes: [UInt8], before epoch: Int) -> [UInt8] {
    let decoder = JSONDecoder()
    let kept = String(decoding: bytes, as: UTF8.self).split(separator: "\n").filter { line in
      let head = try? decoder.decode(LineHead.self, from: Data(line.utf8))
      return head?.isBefore(epoch: epoch) ?? false
    }
    return Array(kept.map { $0 + "\n" }.joined().utf8)
  }

  deinit { close(descriptor) }

  /// Appends one line.
  package func append(_ line: JSONText) throws {
    try writeAll(descriptor, Array((line.text + "\n").utf8), path: path)
  }
}
