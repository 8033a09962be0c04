// What a model is trained and tested on, with everything that follows from the files.
// Sizes, class count and normalisation come from the data, so any dataset in this form trains.

import Diagnostics

/// Training and test images of one size and one set of classes.
public struct Dataset: Equatable, Sendable {
  /// `MNIST` or `Fashion-MNIST` where the content is theirs, else the name of the directory.
  public let name: String
  public var training: ImageSet
  /// Held out of the training set by `holdOutValidation(_:)`.
  public var validation: ImageSet?
  public var test: ImageSet
  /// Largest label of the whole training set, plus one.
  public let classCount: Int
  /// From the whole training set.
  public let normalization: Normalization

  /// A dataset from memory; `source` names it in errors.
  ///
  /// Throws `.badData` if a set is empty or the two sets do not fit together.
  public init(
    name: String, training: ImageSet, test: ImageSet, source: String? = nil
  ) throws(Failure) {
    let source = source ?? name
    guard let largestLabel = training.labels.max(), test.count > 0 else {
      throw Failure(.badData, "\(source): training or test set without samples")
    }
    let sums = GreySums(of: training)
    let recognized = KnownDataset.recognize(sums)
    self.name = recognized?.name ?? name
    self.training = training
    self.test = test
    classCount = Int(largestLabel) + 1
    normalization = recognized?.normalization ?? sums.normalization
    try checkTestSet(source)
  }

  private func checkTestSet(_ source: String) throws(Failure) {
    guard (test.height, test.width) == (training.height, training.width) else {
      throw Failure(
        .badData,
        "\(source): training images of \(training.height) x \(training.width) pixels, test images of \(test.height) x \(test.width)"
      )
    }
    if let sample = test.labels.firstIndex(where: { Int($0) >= classCount }) {
      throw Failure(
        .badData,
        "\(source): test sample \(sample) has label \(test.labels[sample]); training labels end at \(classCount - 1)"
      )
    }
  }

  /// Keeps the first samples of each set; nil or a number beyond the count keeps all.
  public mutating func limit(training trainingCount: Int?, test testCount: Int?) throws(Failure) {
    for (option, count) in [("--limit-train", trainingCount), ("--limit-test", testCount)] {
      guard count ?? 1 > 0 else {
        throw Failure(.usage, "\(option) \(count ?? 0): at least 1 sample is needed")
      }
    }
    if let trainingCount, trainingCount < training.count { training = training[0..<trainingCount] }
    if let testCount, testCount < test.count { test = test[0..<testCount] }
  }

  /// Moves the last `count` samples of the training set to `validation`.
  public mutating func holdOutValidation(_ count: Int) throws(Failure) {
    guard count > 0, count < training.count else {
      throw Failure(
        .usage,
        "--validation \(count): expected 1 to \(training.count - 1) of the \(training.count) training samples"
      )
    }
    let start = training.count - count
    validation = training[start..<training.count]
    training = training[0..<start]
  }
}
