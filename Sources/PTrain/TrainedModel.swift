// A network with its parameters: read, written, tested, handed to other programs.

import PTrainArtifacts
import PTrainDatasets
import PTrainDiagnostics
import PTrainEngine
import PTrainNetworks

/// A trained network, and how images become its input.
public struct TrainedModel: Equatable, Sendable {
  package let value: PTrainArtifacts.TrainedModel

  package init(_ value: PTrainArtifacts.TrainedModel) { self.value = value }

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

  /// The model on labelled images, of the size and the classes of its training.
  ///
  /// Several `views` of each image are as many answers, whose logits are averaged: say so beside the result,
  /// which is no plain one.
  ///
  /// Throws `.badData` for images of another size or kind, and for a class that the model does not know.
  public func evaluate(
    on set: ImageSet, averaging views: ImageViews = .single, machine: Machine = .automatic
  ) throws -> Evaluation {
    let configuration = try machine.configuration()
    return Evaluation(try answers(to: try fitting(set), configuration, views: views).evaluation)
  }

  /// A set labelled by the model's classes; throws `.badData` where the model does not take its images.
  package func fitting(_ set: ImageSet) throws -> ImageSet {
    guard set.imageShape == input else {
      throw Failure(
        .badData, "takes images of \(input.text), the data has \(set.imageShape.text)")
    }
    let pixelType = value.normalization.pixelType
    guard set.pixelType == pixelType else {
      throw Failure(
        .badData, "takes images of \(pixelType)s, the data has \(set.pixelType)s")
    }
    do {
      return try set.relabeled(to: classNames, source: "the data")
    } catch {
      throw Failure(.badData, "knows \(classNames.count) classes; \(error)")
    }
  }

  /// The result on a set that fits, and where asked for the logits `[count, classes]`.
  package func answers(
    to set: ImageSet, _ configuration: EngineConfiguration, views: ImageViews = .single,
    keepsLogits: Bool = false
  ) throws -> (evaluation: PTrainEngine.Evaluation, logits: [Float]) {
    let session = try Session(
      value.network, state: value.state, configuration: configuration,
      sampleCapacity: min(Self.batchSize, max(1, set.count)))
    return try session.answers(
      set, value.normalization, views: views, keepsLogits: keepsLogits)
  }

  /// Images that are evaluated at a time; the result does not depend on it.
  private static let batchSize = 256
}
