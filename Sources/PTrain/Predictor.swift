// A trained model that answers about images, from any thread.

import PTrainArtifacts
import PTrainDiagnostics
import PTrainEngine
import Synchronization

/// What a model says about an image.
public struct Prediction: Equatable, Sendable {
  /// Likeliest class: its name, and its place among the model's classes.
  public let label: String
  public let index: Int
  /// One a class, 0 to 1, sum 1.
  public let probabilities: [Double]
  /// What the probabilities follow from, one a class: the bits of `ptrain predict --json`.
  public let logits: [Float]

  /// Of the likeliest class, 0 to 1.
  public var probability: Double { probabilities[index] }

  init(logits: [Float], classNames: [String]) {
    index = Probabilities.best(logits)
    label = classNames[index]
    probabilities = Probabilities.softmax(logits)
    self.logits = logits
  }
}

/// A model in memory with workers of its own.
///
/// Every image becomes what those of its training were: grey or coloured, in the model's size. Calls from
/// several threads wait for each other; many images in one call are answered fastest.
public final class Predictor: Sendable {
  public let model: TrainedModel
  private let classifier: Mutex<PictureClassifier>

  /// Throws `.badData` for a model that takes no pictures.
  public init(_ model: TrainedModel, machine: Machine = .automatic) throws {
    self.model = model
    let configuration = try machine.configuration()
    classifier = Mutex(
      try PictureClassifier(
        model.value, configuration: configuration, pictureCount: PictureClassifier.batchSize))
  }

  /// Throws `.badData` where the model's answer is no number.
  public func classify(_ image: Image) throws -> Prediction { try classify([image])[0] }

  /// One answer an image, in order.
  public func classify(_ images: [Image]) throws -> [Prediction] {
    let logits = try classifier.withLock { try $0.logits(of: images.map(\.decoded)) }
    return logits.map { Prediction(logits: $0, classNames: model.classNames) }
  }
}
