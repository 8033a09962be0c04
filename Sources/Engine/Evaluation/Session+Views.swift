// Answers to several views of each image, whose logits are averaged.

import PTrainDatasets
import PTrainDiagnostics
import PTrainNetworks

extension Session {
  /// Samples whose views are made, and whose losses are summed, at a time.
  private static let partSize = 2048

  /// Mean loss and correct predictions of logits averaged over views of each image, and where asked for
  /// these logits `[count, classes]`.
  ///
  /// Throws as `evaluate`, and `badData` for images that are too small to be shifted.
  package func answers(
    _ set: ImageSet, _ normalization: Normalization, views: ImageViews, keepsLogits: Bool = false
  ) throws -> (evaluation: Evaluation, logits: [Float]) {
    guard views != .single else {
      return try answers(set, normalization, keepsLogits: keepsLogits)
    }
    guard views != .shift || min(set.height, set.width) > 1 else {
      throw Failure(
        .badData,
        "images of \(set.height)x\(set.width) pixels cannot be shifted and reflected; expected 2x2 or "
          + "more")
    }
    let classCount = runner.executor.plan.network.classCount
    var tally = EvaluationTally(classCount: classCount)
    var kept: [Float] = []
    for first in stride(from: 0, to: set.count, by: Self.partSize) {
      let part = set[first..<min(first + Self.partSize, set.count)]
      let logits = try logits(part, normalization, views: views)
      let loss = logits.withUnsafeBufferPointer { logits in
        part.labels.enumerated().reduce(0.0) { sum, sample in
          let row = logits[sample.offset * classCount..<(sample.offset + 1) * classCount]
          return sum + Probabilities.crossEntropy(row, of: Int(sample.element))
        }
      }
      guard loss.isFinite else {
        // The plain test tells where numbers end.
        _ = try answers(part, normalization)
        throw Failure(.badData, "the test loss of averaged logits is \(lossText(loss))")
      }
      logits.withUnsafeBufferPointer { tally.add(loss: loss, logits: $0, labels: part.labels) }
      if keepsLogits { kept += logits }
    }
    return (tally.evaluation, kept)
  }

  /// Averaged logits `[count, classes]` of a part of a set.
  private func logits(
    _ set: ImageSet, _ normalization: Normalization, views: ImageViews
  ) throws -> [Float] {
    var mean: [Float] = []
    for (view, weight) in views.weighted {
      let logits = try logits(set.seen(as: view), normalization)
      if mean.isEmpty { mean = [Float](repeating: 0, count: logits.count) }
      for place in mean.indices { mean[place] += weight * logits[place] }
    }
    return mean
  }
}
