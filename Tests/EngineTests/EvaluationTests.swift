// Results by class: the matrix's figures, and the same logits from any number of processes.

import PTrainDatasets
import PTrainKernelTypes
import PTrainNetworks
import Testing

@testable import PTrainEngine

@Suite struct ConfusionMatrixTests {
  /// Figures from scikit-learn's `classification_report` and `balanced_accuracy_score`.
  @Test func figuresAreThoseOfScikitLearn() throws {
    var matrix = ConfusionMatrix(classCount: 3)
    for (trueClass, predicted) in zip([0, 0, 1, 1, 2, 2, 2], [0, 1, 1, 1, 0, 2, 2]) {
      matrix.add(trueClass: trueClass, predicted: predicted)
    }
    #expect(matrix.rows == [[1, 1, 0], [0, 2, 0], [1, 0, 2]])
    #expect((0..<3).map(matrix.precision) == [0.5, 2 / 3, 1])
    #expect((0..<3).map(matrix.recall) == [0.5, 1, 2 / 3])
    #expect((0..<3).map(matrix.f1) == [0.5, 0.8, 0.8])
    #expect((0..<3).map(matrix.sampleCount(of:)) == [2, 2, 3])
    #expect((matrix.sampleCount, matrix.correctCount) == (7, 5))
    #expect(abs(matrix.balancedAccuracy - 72.22222222222221) < 1e-12)
  }

  /// A class without samples has no recall, one that is never predicted no precision.
  @Test func whatHasNoSamplesHasNoFigure() throws {
    let matrix = try #require(ConfusionMatrix(rows: [[2, 0, 1], [0, 0, 0], [1, 0, 0]]))
    #expect((0..<3).map(matrix.precision) == [2 / 3, nil, 0])
    #expect((0..<3).map(matrix.recall) == [2 / 3, nil, 0])
    #expect((0..<3).map(matrix.f1) == [2 / 3, nil, 0])
    #expect(abs(matrix.balancedAccuracy - 100 / 3) < 1e-12)
    #expect(ConfusionMatrix(classCount: 2).balancedAccuracy == 0)
  }

  @Test(arguments: [[[1, 2], [3]], [[1, 2]], [[-1]], [[Int.max]]])
  func refusesWhatIsNone(rows: [[Int]]) { #expect(ConfusionMatrix(rows: rows) == nil) }
}

@Suite struct EvaluationTests {
  /// Minibatches of up to three samples.
  private func evaluation(_ logits: [Float], _ labels: [Int], classCount: Int) -> Evaluation {
    var tally = EvaluationTally(classCount: classCount)
    for first in stride(from: 0, to: labels.count, by: 3) {
      let last = min(first + 3, labels.count)
      Array(logits[first * classCount..<last * classCount]).withUnsafeBufferPointer {
        tally.add(loss: Double(last - first) / 2, logits: $0, labels: labels[first..<last])
      }
    }
    return tally.evaluation
  }

  /// Of two equal logits the first counts, as in the kernels.
  @Test func followsFromLogits() throws {
    let logits: [Float] = [2, 2, 0, 0, 3, 1, 0, 5, 0, 0, 0, 1]
    let evaluation = evaluation(logits, [0, 0, 2, 2], classCount: 3)
    #expect(evaluation.loss == 0.5)
    #expect(evaluation.confusion?.rows == [[1, 1, 0], [0, 0, 0], [0, 1, 1]])
    #expect((evaluation.correctCount, evaluation.sampleCount) == (2, 4))
    #expect(evaluation.mistakes.map(\.sample) == [2, 1])
    #expect(evaluation.mistakes.map(\.predictedClass) == [1, 1])
    #expect(evaluation.mistakes.map(\.trueClass) == [2, 0])
    // e^5 / (e^5 + 2) and 1 / (e^5 + 2).
    #expect(abs(evaluation.mistakes[0].probability - 0.986703291042268) < 1e-12)
    #expect(abs(evaluation.mistakes[0].trueProbability - 0.006648354478866004) < 1e-12)
  }

  @Test func keepsTheMostConfidentMistakes() {
    let logits = (0..<4000).flatMap { (place: Int) -> [Float] in [Float(place % 100), 0] }
    let mistakes = evaluation(logits, Array(repeating: 1, count: 4000), classCount: 2).mistakes
    #expect(mistakes.count == Mistake.keptCount)
    let probabilities = mistakes.map(\.probability)
    #expect(probabilities == probabilities.sorted(by: >))
    // Beyond 37 a Double knows no more than certainty: then the first samples come first.
    #expect(mistakes.map(\.sample) == Array(37...99) + [137])
  }

  @Test func veryManyClassesHaveNoMatrix() {
    let count = ConfusionMatrix.classLimit
    let logits = [Float](repeating: 0, count: count + 1)
    #expect(evaluation(Array(logits.dropLast()), [0], classCount: count).confusion != nil)
    let many = evaluation(logits, [7], classCount: count + 1)
    #expect(many.confusion == nil && many.correctCount == 0 && many.mistakes.count == 1)
  }

  @Test func classesByFallingLogit() {
    #expect(Probabilities.top(3, [1, 4, 4, 0]) == [1, 2, 0])
    #expect(Probabilities.top(9, [0.5, 1]) == [1, 0])
    #expect(Probabilities.best([0, 7, 7][0...]) == 1)
    #expect(Probabilities.softmax([1000, 1000, -1000]) == [0.5, 0.5, 0])
  }

  private static func answers(
    capacity: Int, communicator: any Communicator = SingleProcess()
  ) throws -> (evaluation: Evaluation, logits: [Float]) {
    let network = try Network(
      description: .preset(named: "compact"), input: Shape(channels: 1, height: 28, width: 28),
      classCount: 19)
    var configuration = try TestData.configuration()
    configuration.communicator = communicator
    let session = try Session(
      network, state: .initial(network: network, seed: 3), configuration: configuration,
      sampleCapacity: capacity)
    return try session.answers(
      .synthetic(count: 301, height: 28, width: 28, classCount: 19), .mnist, keepsLogits: true)
  }

  /// The last minibatch has 45 samples, or one shard alone: then not every rank has some.
  @Test(arguments: [64, 300])
  func ranksKnowAllLogits(capacity: Int) throws {
    let expected = try Self.answers(capacity: capacity)
    #expect(expected.evaluation.confusion?.sampleCount == 301)
    #expect(expected.logits.count == 301 * 19 && Set(expected.logits).count > 1000)
    for size in [2, 3, 4] {
      let found = try ThreadRanks.run(size) { communicator in
        try Self.answers(capacity: capacity, communicator: communicator)
      }
      #expect(found.allSatisfy { $0.logits == expected.logits }, "\(size) ranks")
      #expect(found.allSatisfy { $0.evaluation == expected.evaluation }, "\(size) ranks")
    }
  }
}
