// `--int8` and how it is calibrated: the same for testing and for export.

import ArgumentParser
import PTrain
import PTrainArtifacts
import PTrainDiagnostics
import PTrainEngine
import PTrainInterchange

extension RangeMethod: ExpressibleByArgument {}

struct QuantizationOptions: ParsableArguments {
  @Flag(
    help: """
      The network in 8-bit integers, as TensorFlow Lite computes it; needs the training images, too, for \
      the ranges of its values.
      """)
  var int8 = false

  @Option(
    help: ArgumentHelp(
      """
      --int8: training images on which ranges are measured, drawn at random (default: \
      \(TrainingForms.imageCount)).
      """, valueName: "n"))
  var calibration: Int?

  @Option(
    help: ArgumentHelp(
      """
      --int8: how a range follows from the values: with the least squared error, all of them, or but for \
      a ten-thousandth on each side (default: least-squares).
      """, valueName: "least-squares|min-max|percentile"))
  var ranges: RangeMethod?

  func validate() throws {
    try checkLimit("--calibration", calibration)
    for (option, isSet) in [("--calibration", calibration != nil), ("--ranges", ranges != nil)]
    where isSet && !int8 {
      throw ValidationError("\(option): acts with --int8 only")
    }
  }

  /// A model in 8-bit integers, and what that costs on a test set.
  ///
  /// - Parameter float: the result on `test` in floating point.
  func quantize(
    _ tested: ModelTest, training: ImageSet, test: ImageSet, float: PTrainEngine.Evaluation,
    threads: Int
  ) throws -> QuantizationReport {
    try naming(tested.source) {
      let model = try QuantizedModel(
        tested.model, training, calibration ?? TrainingForms.imageCount, ranges ?? .leastSquares,
        threadCount: threads)
      return QuantizationReport(model: model, test: test, float: float, losses: try model.losses())
    }
  }
}

/// A model in 8-bit integers and what it answers.
struct QuantizationReport {
  let model: QuantizedModel
  /// Of the test set, `[count, classes]`.
  let logits: [Int8]
  private let losses: [LayerLoss]
  private let correctCount: Int
  private let float: PTrainEngine.Evaluation

  /// Points of accuracy beyond which a loss is worth a warning.
  private static let warningPoints = 1.0

  init(
    model: QuantizedModel, test: ImageSet, float: PTrainEngine.Evaluation, losses: [LayerLoss]
  ) {
    (self.model, self.float, self.losses) = (model, float, losses)
    (logits, correctCount) = model.answers(to: test)
  }

  private var accuracy: Double { 100 * Double(correctCount) / Double(float.sampleCount) }
  private var lostPoints: Double { float.accuracy - accuracy }

  /// The accuracy and the layers that lose most, in lines.
  var text: String {
    let layers = losses.prefix(5).map { "\($0.name) \(fixed($0.decibels, 1)) dB" }
    let side = lostPoints < 0 ? "above" : "below"
    return "int8: Accuracy: \(correctCount)/\(float.sampleCount) (\(fixed(accuracy, 2))%), "
      + "\(fixed(abs(lostPoints), 2)) points \(side) float\n"
      + "Signal to noise, the layers that add most first: \(layers.joined(separator: ", "))\n"
  }

  /// A line where the loss is large.
  var warning: String? {
    guard lostPoints > Self.warningPoints else { return nil }
    return "Warning: int8 loses \(fixed(lostPoints, 2)) points of accuracy, most from "
      + losses.prefix(2).map(\.name).joined(separator: " and ")
      + "; training for it (--set quantize=int8), more images (--calibration) or other --ranges may help"
  }

  /// What `eval --json` prints under "int8".
  var json: JSONText {
    .object([
      "test_correct": .integer(correctCount), "test_accuracy": .number(accuracy),
      "layers": .array(
        losses.map { loss in
          .object([
            "name": .string(loss.name),
            "signal_to_noise": loss.decibels.isFinite ? .number(loss.decibels) : .null,
          ])
        }),
    ])
  }
}
