// What a run was asked to do besides its recipe: kept in its checkpoints, so that `--resume` needs
// no other option and can refuse those that contradict the run.

import PTrainDatasets

/// Settings of a run that its result depends on, and where its data lay.
package struct RunSettings: Equatable, Sendable {
  package var seed: UInt64
  package var limitTrain: Int?
  package var limitTest: Int?
  /// Training samples that are held out.
  package var validation: SplitSize?
  /// Share of each class that is the test set of data that has none.
  package var testShare: Double?
  /// Whether rows and columns of the data's images change places.
  package var transposes = false
  /// What each image of the data becomes.
  package var preparation = ImagePreparation()
  /// Whether files that cannot be decoded are left out.
  package var skipsBad = false
  /// Percent.
  package var targetAccuracy: Double?
  /// Epochs without a smaller validation loss after which the run ends.
  package var patience: Int?
  /// Steps between two checkpoints; nil: at the end of every epoch only.
  package var checkpointInterval: Int?
  /// What `--data` said, as an absolute path; nil where data was found without it.
  package var dataPath: String?
  package var data: DataFingerprint

  package init(seed: UInt64, data: DataFingerprint) {
    self.seed = seed
    self.data = data
  }
}

/// Tells whether data is that of the run.
package struct DataFingerprint: Equatable, Sendable {
  /// For messages.
  package var name: String
  package var trainSampleCount: Int
  package var testSampleCount: Int
  /// From every pixel of the training set, those beyond a limit too.
  package var normalization: Normalization
  package var classNames: [String]
  package var digests: DataDigests

  package init(
    name: String, trainSampleCount: Int, testSampleCount: Int, normalization: Normalization,
    classNames: [String], digests: DataDigests
  ) {
    self.name = name
    self.trainSampleCount = trainSampleCount
    self.testSampleCount = testSampleCount
    self.normalization = normalization
    self.classNames = classNames
    self.digests = digests
  }

  package init(_ dataset: Dataset) {
    self.init(
      name: dataset.name, trainSampleCount: dataset.training.count,
      testSampleCount: dataset.test.count, normalization: dataset.normalization,
      classNames: dataset.classNames, digests: DataDigests(dataset))
  }

  /// What `found` has otherwise, in words; nil where it is the same data, whatever its name.
  package func difference(from found: DataFingerprint) -> String? {
    guard
      (trainSampleCount, testSampleCount) == (found.trainSampleCount, found.testSampleCount)
    else {
      return "\(found.trainSampleCount) training and \(found.testSampleCount) test samples instead "
        + "of \(trainSampleCount) and \(testSampleCount)"
    }
    let parts = digests.differences(from: found.digests)
    if !parts.isEmpty { return "other " + parts.map(\.rawValue).joined(separator: ", ") }
    guard classNames == found.classNames else { return "other names of classes" }
    return normalization == found.normalization
      ? nil : "other training images beyond the first \(trainSampleCount)"
  }
}
