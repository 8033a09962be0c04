// Testing and saving the moving average of the parameters instead of the parameters themselves.
// The average was never trained, so its BN statistics are measured anew, on training images as training
// sees them: those of plain images would move what an image becomes behind a norm away from what the weights
// learnt (with `crop: 4` on CIFAR-10 that cost two points of accuracy). But for dropout, which would raise the
// variances (Li et al., "Understanding the disharmony between dropout and batch normalization by variance
// shift", 2019).

import PTrainNetworks

/// Minibatches over which the average's statistics are measured.
private let statisticsBatchCount = 25

extension Trainer {
  /// Runs `body` on the averaged parameters, or on the trained ones where the recipe averages nothing.
  func withAverage<Result>(
    _ order: [UInt32], _ epoch: UInt32, _ body: () throws -> Result
  ) rethrows -> Result {
    guard recipe.averageDecay > 0 else { return try body() }
    session.block.swapAverage()
    session.runner.packParameters()
    defer {
      session.block.swapAverage()
      session.runner.packParameters()
    }
    let measured = Array(order.prefix(statisticsBatchCount * recipe.batchSize))
    session.forEachMinibatch(of: measured, training.source, epoch: epoch) { index, batch in
      session.runner.measureStatistics(batch, index: index)
    }
    return try body()
  }

  /// The model that the last tests saw.
  var testedState: ModelState {
    recipe.averageDecay > 0 ? session.block.averagedState : session.block.state
  }
}
