// A run between two steps, to go on from: here, in another process, on another machine.

import PTrainArtifacts
import PTrainDiagnostics

/// Everything that the rest of a run follows from, besides its data.
public struct Checkpoint: Equatable, Sendable {
  let value: PTrainArtifacts.Checkpoint

  init(_ value: PTrainArtifacts.Checkpoint) { self.value = value }

  /// The model as it trains, without the moving average.
  public var model: TrainedModel { TrainedModel(value.model) }
  /// 1-based; the epoch that the next step belongs to.
  public var epoch: Int { value.snapshot.position.epoch }
  /// Steps done in that epoch.
  public var step: Int { value.snapshot.position.step }

  /// Throws `.missingInput` where it cannot be opened, `.badData` where it is damaged or no checkpoint.
  public init(contentsOf path: String) throws {
    let bytes = try readFile(path, limit: Safetensors.fileByteLimit)
    value = try PTrainArtifacts.Checkpoint(bytes, source: path)
  }

  /// Writes the file, whole or not at all; throws `.cannotCreate` or `.inputOutput`.
  public func write(to path: String) throws { try Safetensors.write(value.bytes, to: path) }
}
