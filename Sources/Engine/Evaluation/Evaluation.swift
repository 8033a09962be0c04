// A model's result on labelled samples: the one value that the terminal, the metrics and the report tell
// of. How good it is by class follows from the confusion matrix in it.

/// A model's result on a set of samples.
package struct Evaluation: Equatable, Sendable {
  /// Mean cross-entropy.
  package var loss: Double
  package var correctCount: Int
  package var sampleCount: Int
  /// Nil for an epoch's training samples, each of which saw another model, and for very many classes.
  package var confusion: ConfusionMatrix?
  /// Wrong predictions, the most confident first, at most `Mistake.keptCount`.
  package var mistakes: [Mistake]
  /// Percent; 0 for no samples.
  package var accuracy: Double {
    sampleCount == 0 ? 0 : 100 * Double(correctCount) / Double(sampleCount)
  }

  package init(
    loss: Double, correctCount: Int, sampleCount: Int, confusion: ConfusionMatrix? = nil,
    mistakes: [Mistake] = []
  ) {
    self.loss = loss
    self.correctCount = correctCount
    self.sampleCount = sampleCount
    self.confusion = confusion
    self.mistakes = mistakes
  }
}

/// A sample whose predicted class is not its own.
package struct Mistake: Equatable, Sendable {
  /// Most mistakes of an evaluation that are kept.
  package static let keptCount = 64

  /// 0-based place in its set.
  package var sample: Int
  package var trueClass: Int
  package var predictedClass: Int
  /// Of the predicted class, 0 to 1.
  package var probability: Double
  /// What was left for the sample's own class.
  package var trueProbability: Double

  package init(
    sample: Int, trueClass: Int, predictedClass: Int, probability: Double, trueProbability: Double
  ) {
    self.sample = sample
    self.trueClass = trueClass
    self.predictedClass = predictedClass
    self.probability = probability
    self.trueProbability = trueProbability
  }

  /// - Parameter logits: the sample's.
  init(_ sample: Int, trueClass: Int, predicted: Int, logits: some Collection<Float>) {
    let probabilities = Probabilities.softmax(logits)
    self.init(
      sample: sample, trueClass: trueClass, predictedClass: predicted,
      probability: probabilities[predicted], trueProbability: probabilities[trueClass])
  }

  /// Equal probabilities in the order of the samples.
  static func mostConfident(_ mistakes: [Mistake]) -> [Mistake] {
    let sorted = mistakes.sorted { ($0.probability, $1.sample) > ($1.probability, $0.sample) }
    return Array(sorted.prefix(keptCount))
  }
}
