// A trained model in 8-bit integers, as TensorFlow Lite computes it.

import PTrainArtifacts
import PTrainDatasets
import PTrainDiagnostics
import PTrainEngine
import PTrainInterchange

/// A model in 8-bit integers: for phones and microcontrollers.
public struct QuantizedModel: Sendable {
  /// That in floating point, from which it was made.
  public let model: TrainedModel
  private let network: QuantizedNetwork
  private let images: CalibrationImages

  /// The ranges of its values are measured on `imageCount` images of `training`, drawn at random.
  ///
  /// - Parameters:
  ///   - model: the model in floating point.
  ///   - training: images of its training.
  ///   - imageCount: on how many of them ranges are measured.
  ///   - machine: what of the computer is used; the result does not depend on it.
  ///
  /// Throws `.badData` for images that the model does not take, and for a layer that 8-bit integers have no
  /// step for.
  public init(
    _ model: TrainedModel, calibratedOn training: ImageSet, imageCount: Int = 500,
    machine: Machine = .automatic
  ) throws {
    guard imageCount > 0 else {
      throw Failure(.usage, "\(imageCount) images to calibrate on: expected 1 or more")
    }
    try self.init(
      model, training, imageCount, .leastSquares, threadCount: machine.configuration().threadCount)
  }

  /// The same with ranges by another rule; for the command line and comparisons.
  package init(
    _ model: TrainedModel, _ training: ImageSet, _ imageCount: Int, _ ranges: RangeMethod,
    threadCount: Int
  ) throws {
    self.model = model
    images = try CalibrationImages(
      try model.fitting(training), count: imageCount, threadCount: threadCount)
    network = try model.value.quantized(images, ranges: ranges)
  }

  /// Percent of the images of a set whose class it tells; the set as
  /// ``TrainedModel/evaluate(on:averaging:machine:)`` takes it.
  public func accuracy(on set: ImageSet) throws -> Double {
    let set = try model.fitting(set)
    return set.count == 0 ? 0 : 100 * Double(answers(to: set).correctCount) / Double(set.count)
  }

  /// Of a set that fits: logits `[count, classes]`, and of how many images the likeliest class is theirs.
  package func answers(to set: ImageSet) -> (logits: [Int8], correctCount: Int) {
    let logits = IntegerInterpreter(network).logits(of: set, threadCount: images.threadCount)
    let classCount = model.classNames.count
    let correctCount = set.labels.indices.count { sample in
      Probabilities.best(
        logits[sample * classCount..<(sample + 1) * classCount].lazy.map { Float($0) })
        == Int(set.labels[sample])
    }
    return (logits, correctCount)
  }

  /// What each layer's values lose, the layers that add most first; for reports.
  package func losses() throws -> [LayerLoss] {
    try model.value.losses(of: network, on: images)
  }

  /// Writes the model for other programs, in 8-bit integers; each file whole or not at all.
  ///
  /// Throws `.usage` for a path that does not end as the format's names do and for safetensors, which hold
  /// floating point, `.badData` with the layer's name where the format has no operator for one,
  /// `.cannotCreate` or `.inputOutput` where a file cannot be written.
  @discardableResult
  public func export(as format: ModelFormat, to path: String) throws -> ModelExport {
    let target = try format.target(path)
    switch format {
    case .onnx(_, let normalizes):
      var options = ONNXOptions()
      options.normalizes = normalizes
      return try target.write(try model.value.onnx(network, options))
    case .safetensors:
      throw Failure(.usage, "\(path): safetensors hold a model in floating point only")
    case .tensorFlowLite(let endsInLogits):
      return try target.write(
        try model.value.tflite(network, endsInLogits ? .logits : .probabilities))
    case .c:
      return try target.write(
        network.cProgram(name: target.functionName, headerFile: target.headerFile))
    case .embeddedSwift:
      return try target.write(network.swiftProgram(name: target.functionName))
    }
  }
}
