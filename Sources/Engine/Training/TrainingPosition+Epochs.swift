// What an epoch's results change: which epoch was the best, which model is kept, whether the run ends.

import PTrainNetworks

extension TrainingPosition {
  /// The epoch whose model is the run's: with a validation set that of its smallest loss, else the last.
  package var keptEpoch: Int { bestValidationEpoch > 0 ? bestValidationEpoch : epoch - 1 }

  /// Moves to the start of the next epoch.
  mutating func finishEpoch(_ result: EpochResult, _ recipe: Recipe, _ options: TrainingOptions) {
    epoch += 1
    (step, lossSum, correctCount, epochSeconds) = (0, 0, 0, 0)
    testAccuracy = result.test.accuracy
    if testAccuracy > bestTestAccuracy || result.epoch == 1 {
      (bestTestAccuracy, bestTestEpoch) = (testAccuracy, result.epoch)
    }
    // The kept model is one that was trained for what it is meant for.
    if recipe.quantizes(epoch: result.epoch), !recipe.quantizes(epoch: result.epoch - 1) {
      (bestValidationLoss, bestValidationEpoch) = (nil, 0)
    }
    if let loss = result.validation?.loss, bestValidationLoss.map({ loss < $0 }) ?? true {
      (bestValidationLoss, bestValidationEpoch) = (loss, result.epoch)
    }
    end = reasonToEnd(after: result.epoch, recipe, options)
  }

  private func reasonToEnd(
    after last: Int, _ recipe: Recipe, _ options: TrainingOptions
  ) -> RunEnd? {
    guard recipe.quantize == .none || recipe.quantizes(epoch: last) else { return nil }
    if let target = options.targetAccuracy, testAccuracy >= target { return .target }
    if last >= recipe.epochs { return .epochs }
    guard let patience = options.patience, bestValidationEpoch > 0 else { return nil }
    return last - bestValidationEpoch >= patience ? .patience : nil
  }
}
