// An evaluation as it grows, minibatch after minibatch: no more is kept of a sample than is told of it.

import PTrainKernelTypes

/// Counts of the samples so far.
struct EvaluationTally {
  private let classCount: Int
  private var loss = 0.0
  private var correctCount = 0
  private var sampleCount = 0
  private var confusion: ConfusionMatrix?
  private var mistakes: [Mistake] = []

  init(classCount: Int) {
    self.classCount = classCount
    confusion = ConfusionMatrix.isKept(classCount) ? ConfusionMatrix(classCount: classCount) : nil
  }

  /// Adds samples with logits `[count, classes]`; `loss` is the sum over them.
  mutating func add(
    loss: Double, logits: UnsafeBufferPointer<Float>, labels: some Collection<some BinaryInteger>
  ) {
    for (place, label) in labels.enumerated() {
      let row = logits[place * classCount..<(place + 1) * classCount]
      let (trueClass, predicted) = (Int(label), Probabilities.best(row))
      confusion?.add(trueClass: trueClass, predicted: predicted)
      if predicted == trueClass {
        correctCount += 1
      } else {
        mistakes.append(
          Mistake(sampleCount + place, trueClass: trueClass, predicted: predicted, logits: row))
      }
    }
    self.loss += loss
    sampleCount += labels.count
    if mistakes.count > 16 * Mistake.keptCount { mistakes = Mistake.mostConfident(mistakes) }
  }

  var evaluation: Evaluation {
    Evaluation(
      loss: loss / Double(sampleCount), correctCount: correctCount, sampleCount: sampleCount,
      confusion: confusion, mistakes: Mistake.mostConfident(mistakes))
  }
}
