// A network with its parameters: read, written, tested, handed to other programs.

import PTrainArtifacts
import PTrainDatasets
import PTrainDiagnostics
import PTrainEngine
import PTrainInterchange
import PTrainNetworks

/// A trained network, and how images become its input.
public struct TrainedModel: Equatable, Sendable {
  let value: PTrainArtifacts.TrainedModel

  init(_ value: PTrainArtifacts.TrainedModel) { self.value = value }

  public var description: ModelDescription { value.network.description }
  /// Size of an input, `[channels, height, width]`.
  public var input: Shape { value.network.input }
  /// One a class.
  public var classNames: [String] { value.classNames }
  /// Trainable parameters; running statistics not counted.
  public var parameterCount: Int { value.network.layout.parameterCount }
  /// SHA-256 over every parameter and running statistic: equal digests are equal models, bit for bit.
  public var digest: String { value.state.digest }

  /// Reads `model.safetensors` of a run, or a checkpoint.
  ///
  /// Throws `.missingInput` where it cannot be opened, `.badData` where it is damaged or no model of
  /// ptrain's.
  public init(contentsOf path: String) throws {
    value = try PTrainArtifacts.TrainedModel(contentsOf: path)
  }

  /// Writes a safetensors file, whole or not at all; PyTorch reads the tensors.
  ///
  /// Throws `.cannotCreate` or `.inputOutput`.
  public func write(to path: String) throws { try value.write(to: path) }

  /// The content of an ONNX file, opset 17: input the normalised image, float `[N, C, H, W]`, output the
  /// logits, float `[N, classes]`.
  ///
  /// - Parameters:
  ///   - foldsBatchNorm: whether batch normalisation goes into its neighbours where that is exact.
  ///   - normalizes: whether the graph normalises, and takes the data's own values.
  ///
  /// Throws `.fault` where the message cannot be serialised.
  public func onnx(foldsBatchNorm: Bool = false, normalizes: Bool = false) throws -> [UInt8] {
    var options = ONNXOptions()
    (options.foldsBatchNorm, options.normalizes) = (foldsBatchNorm, normalizes)
    return try value.onnx(options)
  }

  /// The model on labelled images, of the size and the classes of its training.
  ///
  /// Throws `.badData` for images of another size, and for a class that the model does not know.
  public func evaluate(on set: ImageSet, machine: Machine = .automatic) throws -> Evaluation {
    let session = try Session(
      value.network, state: value.state, configuration: try machine.configuration(),
      sampleCapacity: min(256, max(1, set.count)))
    let relabeled = try set.relabeled(to: classNames, source: "the data")
    return Evaluation(try session.evaluate(relabeled, value.normalization))
  }
}
