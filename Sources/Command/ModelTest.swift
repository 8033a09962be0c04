// A trained model on labelled images: what testing and export have in common.

import PTrain
import PTrainDiagnostics
import PTrainEngine

/// A model from a file; `source` begins the errors.
struct ModelTest {
  let model: PTrain.TrainedModel
  let source: String

  /// A set labelled by the model's classes; throws `badData` where the model does not take its images.
  func check(_ set: ImageSet) throws -> ImageSet { try naming(source) { try model.fitting(set) } }

  /// The result in floating point, and where asked for the logits `[count, classes]`.
  func answers(
    to set: ImageSet, _ configuration: EngineConfiguration, views: ImageViews = .single,
    keepsLogits: Bool = false
  ) throws -> (evaluation: PTrainEngine.Evaluation, logits: [Float]) {
    try naming(source) {
      try model.answers(to: set, configuration, views: views, keepsLogits: keepsLogits)
    }
  }
}

/// What `body` throws, with the file's name before it.
func naming<Result>(_ file: String, _ body: () throws -> Result) throws -> Result {
  do {
    return try body()
  } catch let failure as Failure {
    throw Failure("\(file): ", failure)
  }
}
