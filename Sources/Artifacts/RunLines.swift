// The lines in which a run tells what it does and how it goes.

import PTrainEngine

extension Evaluation {
  /// `Test set: Average loss: 0.0555, Accuracy: 9831/10000 (98.31%)`.
  package var testSetLine: String { line(of: "Test set") }

  /// The same for another set.
  package func line(of set: String) -> String {
    "\(set): Average loss: \(fixed(loss, 4)), "
      + "Accuracy: \(correctCount)/\(sampleCount) (\(fixed(accuracy, 2))%)"
  }
}

extension EpochResult {
  /// `Epoch 3/20: learning rate 0.00095, training loss 0.0812, 4.9 s, 12,245 images/s, 01:23 left`
  package func remark(epochCount: Int, remainingSeconds: Double) -> String {
    let rest = epoch < epochCount ? ", \(clock(remainingSeconds)) left" : ""
    return
      "Epoch \(epoch)/\(epochCount): learning rate \(shortNumber(learningRate)), training loss "
      + "\(fixed(training.loss, 4)), \(fixed(elapsedSeconds, 1)) s, "
      + "\(grouped(Int(imagesPerSecond))) images/s\(rest)"
  }
}

extension RunResult {
  /// The epoch with the best validation loss, or without a validation set the best test accuracy.
  package var bestEpoch: Int { bestValidationLoss == nil ? bestTestEpoch : keptEpoch }

  /// `Best: epoch 17, test accuracy 99.64%; last: epoch 19, 99.61%`, and why the last was it.
  package var bestLine: String {
    let loss = bestValidationLoss.map { "validation loss \(fixed($0, 4))" }
    let best = loss ?? "test accuracy \(fixed(bestTestAccuracy, 2))%"
    let name = bestEpoch > 0 ? "epoch \(bestEpoch), " : ""
    return "Best: \(name)\(best); last: epoch \(epochCount), test accuracy "
      + "\(fixed(testAccuracy, 2))%\(reason)"
  }

  private var reason: String {
    switch end {
    case .epochs: ""
    case .target: ", which reaches the target"
    case .patience:
      ", \(counted(epochCount - keptEpoch, "epoch")) without a better validation loss"
    }
  }

  /// Which epoch the model is of, where it need not be the last.
  package var keptText: String {
    bestValidationLoss == nil ? "" : " (epoch \(keptEpoch), the best on the validation set)"
  }
}

extension RunInfo {
  /// What was chosen, in one line, before the first step.
  package var startLine: String {
    let nodes = nodeCount == 1 ? "1 node" : "\(nodeCount) nodes"
    let threads = threadCount == 1 ? "1 thread" : "\(threadCount) threads"
    let ranks =
      rankCount == 1
      ? "" : "\(rankCount) ranks (\(grouped(exchangedByteCount)) bytes a step), each "
    return "Training \(model) (\(grouped(parameterCount)) parameters) on "
      + "\(grouped(trainSampleCount)) images, batches of \(batchSize), seed \(seed): "
      + "\(ranks)\(threads) on \(nodes), \(instructionSet)"
  }

  /// What a user may not expect, a line each.
  package var notes: [String] { [idleLine, singleValueLine].compactMap { $0 } }

  private var singleValueLine: String? {
    singleValueNorm.map {
      "Note: \($0) normalizes minibatches of one sample, which have no variance: its output there is "
        + "its bias, and its running variance stays; another batch size avoids that"
    }
  }

  /// Tells that threads will find nothing to do; nil where all have work.
  private var idleLine: String? {
    guard threadCount > shardCount else { return nil }
    return "Note: only \(shardCount) of \(threadCount) threads have work, since a thread takes "
      + "\(counted(shardSize, "image")) of a minibatch at a time; a larger batch size keeps more of them busy"
  }
}
