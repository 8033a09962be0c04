// A trained model on labelled images: what testing and export have in common.

import PTrainArtifacts
import PTrainDatasets
import PTrainDiagnostics
import PTrainEngine

/// A model from a file; `source` begins the errors.
struct ModelTest {
  /// Images that are evaluated at a time; the result does not depend on it.
  private static let batchSize = 256

  let model: TrainedModel
  let source: String

  /// A set labelled by the model's classes; throws `badData` where the model does not take its images.
  func check(_ set: ImageSet) throws -> ImageSet {
    let network = model.network
    guard set.imageShape == network.input else {
      throw Failure(
        .badData,
        "\(source): takes images of \(network.input.text), the data has \(set.imageShape.text)")
    }
    guard set.pixelType == model.normalization.pixelType else {
      throw Failure(
        .badData,
        "\(source): takes images of \(model.normalization.pixelType)s, the data has "
          + "\(set.pixelType)s")
    }
    do {
      return try set.relabeled(to: model.classNames, source: "the data")
    } catch {
      throw Failure(
        .badData,
        "\(source): knows \(network.classCount) classes; \(error)")
    }
  }

  /// The result in floating point, and where asked for the logits `[count, classes]`.
  func answers(
    to set: ImageSet, _ configuration: EngineConfiguration, keepsLogits: Bool = false
  ) throws -> (evaluation: Evaluation, logits: [Float]) {
    let session = try Session(
      model.network, state: model.state, configuration: configuration,
      sampleCapacity: Self.batchSize)
    do {
      return try session.answers(set, model.normalization, keepsLogits: keepsLogits)
    } catch let failure as Failure {
      throw Failure(failure.kind, "\(source): \(failure.message)")
    }
  }
}
