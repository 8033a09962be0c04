// `--int8` and how it is calibrated: the same for testing and for export.

import ArgumentParser
import PTrainArtifacts
import PTrainDatasets
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
      "--int8: training images on which ranges are measured, drawn at random (default: 500).",
      valueName: "n"))
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
    _ tested: ModelTest, training: ImageSet, test: ImageSet, float: Evaluation, threads: Int
  ) throws -> QuantizedModel {
    let training = try tested.check(training)
    return try naming(tested.source) {
      let images = try CalibrationImages(
        training, count: calibration ?? TrainingForms.imageCount, threadCount: threads)
      let model = tested.model.value
      let network = try model.quantized(images, ranges: ranges ?? .leastSquares)
      let losses = try model.losses(of: network, on: images)
      return QuantizedModel(
        network: network,
        logits: IntegerInterpreter(network).logits(of: test, threadCount: threads),
        labels: test.labels, float: float, losses: losses)
    }
  }
}

/// A network in 8-bit integers and what it answers.
struct QuantizedModel {
  let network: QuantizedNetwork
  /// Of the test set, `[count, classes]`.
  let logits: [Int8]
  let losses: [LayerLoss]
  private let correctCount: Int
  private let float: Evaluation

  /// Points of accuracy beyond which a loss is worth a warning.
  private static let warningPoints = 1.0

  init(
    network: QuantizedNetwork, logits: [Int8], labels: [UInt16], float: Evaluation,
    losses: [LayerLoss]
  ) {
    (self.network, self.logits, self.float, self.losses) = (network, logits, float, losses)
    let classCount = logits.count / max(labels.count, 1)
    correctCount = labels.indices.count { sample in
      let row = logits[sample * classCount..<(sample + 1) * classCount]
      return Probabilities.best(row.lazy.map { Float($0) }) == Int(labels[sample])
    }
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
