// How good a model is on labelled images.

import PTrainEngine

/// A model's result on a set of samples.
public struct Evaluation: Equatable, Sendable {
  /// Mean cross-entropy.
  public let loss: Double
  public let correctCount: Int
  public let sampleCount: Int
  /// Samples by `[true class][predicted class]`; nil where none was counted, as while training.
  public let confusion: [[Int]]?
  /// Percent.
  public var accuracy: Double {
    sampleCount == 0 ? 0 : 100 * Double(correctCount) / Double(sampleCount)
  }

  init(_ evaluation: PTrainEngine.Evaluation) {
    loss = evaluation.loss
    correctCount = evaluation.correctCount
    sampleCount = evaluation.sampleCount
    confusion = evaluation.confusion?.rows
  }
}
