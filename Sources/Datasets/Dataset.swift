// What a model is trained and tested on, with everything that follows from the files.
// Sizes, classes and normalisation come from the data, so any dataset in a known form trains.

import PTrainDiagnostics

/// Training and test images of one size and one set of classes.
public struct Dataset: Equatable, Sendable {
  /// `MNIST` or `Fashion-MNIST` where the content is theirs, else the name of the file or directory.
  public let name: String
  public var training: ImageSet
  /// The data's own, or held out of the training set by `holdOutValidation`.
  public var validation: ImageSet?
  public var test: ImageSet
  /// Those of the whole training set; the others' labels count in them too.
  public var classNames: [String] { training.classNames }
  public var classCount: Int { training.classNames.count }
  /// From the whole training set.
  public let normalization: Normalization
  /// A line for each file that was left out when the data was read: its name and why.
  public var leftOut: [String] = []

  /// A dataset from memory; `source` names it in errors.
  ///
  /// Throws `.badData` if a set is empty or the sets do not fit together.
  public init(
    name: String, training: ImageSet, validation: ImageSet? = nil, test: ImageSet,
    source: String? = nil
  ) throws(Failure) {
    let source = source ?? name
    guard training.count > 0, test.count > 0, validation?.count != 0 else {
      throw Failure(.badData, "\(source): training or test set without samples")
    }
    for (part, set) in [("training", training), ("test", test), ("validation", validation)] {
      guard let set else { continue }
      try set.check(fits: training, source: source, part: part)
    }
    let sums = training.pixelType == .byte ? PixelSums(of: training) : nil
    let recognized = sums.flatMap(KnownDataset.recognize)
    self.name = recognized?.name ?? name
    self.training = training
    self.test = try test.relabeled(to: training.classNames, source: source)
    var relabeled: ImageSet?
    if let validation {
      relabeled = try validation.relabeled(
        to: training.classNames, source: source, part: "validation")
    }
    self.validation = relabeled
    normalization =
      recognized?.normalization ?? sums?.normalization ?? training.floatNormalization
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

  /// Moves some of each class of the training set, drawn by the seed, to `validation`.
  public mutating func holdOutValidation(_ size: SplitSize, seed: UInt64) throws(Failure) {
    guard validation == nil else {
      throw Failure(.usage, "--validation \(size): the data has a validation set of its own")
    }
    (training, validation) = try training.split(size, seed: seed, purpose: .validationSplit)
  }
}

extension ImageSet {
  /// Throws `.badData` for images of another form than the training set's, or values that are none.
  fileprivate func check(
    fits training: ImageSet, source: String, part: String
  ) throws(Failure) {
    guard (height, width) == (training.height, training.width) else {
      throw Failure(
        .badData,
        "\(source): training images of \(training.height) x \(training.width) pixels, \(part) images of \(height) x \(width)"
      )
    }
    guard channels == training.channels else {
      throw Failure(
        .badData,
        "\(source): training images of \(training.channels) channels, \(part) images of \(channels)"
      )
    }
    guard pixelType == training.pixelType else {
      throw Failure(
        .badData,
        "\(source): training images of \(training.pixelType)s, \(part) images of \(pixelType)s")
    }
    if let sample = firstSampleWithoutNumbers {
      throw Failure(
        .badData, "\(source): \(part) sample \(sample) holds a NaN or an infinity; expected numbers"
      )
    }
  }
}
