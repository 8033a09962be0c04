// metrics.jsonl: what happened in a run, one JSON object a line, for plots and comparisons.
// Lines are appended whole, so that a crash costs at most the last one.

import Diagnostics
import Engine
import Glibc

extension RunInfo {
  package var metricsLine: JSONText {
    .object([
      "event": .string("start"), "model": .string(model), "parameters": .integer(parameterCount),
      "threads": .integer(threadCount), "ranks": .integer(rankCount), "nodes": .integer(nodeCount),
      "instruction_set": .string(instructionSet), "seed": .unsigned(seed),
      "batch_size": .integer(batchSize), "train_samples": .integer(trainSampleCount),
      "test_samples": .integer(testSampleCount), "epochs": .integer(epochCount),
      "optimizer": .string(optimizer), "learning_rate": .number(learningRate),
      "schedule": .string(schedule), "weight_decay": .number(weightDecay),
      "augment": .string(augmentation), "exchanged_bytes_per_step": .integer(exchangedByteCount),
    ])
  }
}

extension EpochResult {
  package func metricsLine(digest: String) -> JSONText {
    .object([
      "event": .string("epoch"), "epoch": .integer(epoch), "learning_rate": .number(learningRate),
      "train_loss": .number(training.loss), "train_accuracy": .number(training.accuracy),
      "test_loss": .number(test.loss), "test_correct": .integer(test.correctCount),
      "test_accuracy": .number(test.accuracy), "seconds": .number(elapsedSeconds),
      "images_per_second": .number(imagesPerSecond), "digest": .string(digest),
    ])
  }
}

extension RunResult {
  package func metricsLine(digest: String) -> JSONText {
    .object([
      "event": .string("end"), "epochs": .integer(epochCount),
      "seconds": .number(elapsedSeconds), "test_accuracy": .number(testAccuracy),
      "best_test_accuracy": .number(bestTestAccuracy), "digest": .string(digest),
    ])
  }
}

/// A metrics file that is open for appending.
package final class MetricsFile {
  private let path: String
  private let descriptor: Int32

  /// Opens `path`, keeping what it holds.
  package init(path: String) throws {
    self.path = path
    descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw creationFailure(path) }
  }

  deinit { close(descriptor) }

  /// Appends one line.
  package func append(_ line: JSONText) throws {
    try writeAll(descriptor, Array((line.text + "\n").utf8), path: path)
  }
}
