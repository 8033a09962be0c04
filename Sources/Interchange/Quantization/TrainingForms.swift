// The forms in which training for 8-bit integers sees the values of a network: those that the quantiser
// would give it as it stands.

import PTrainArtifacts
import PTrainDatasets
import PTrainDiagnostics
import PTrainEngine
import PTrainNetworks

/// Measures forms on images of a run's training.
package struct TrainingForms: Sendable {
  /// Images that are enough for ranges.
  package static let imageCount = 500

  private let network: Network
  private let normalization: Normalization
  private let classNames: [String]
  private let images: CalibrationImages

  /// Throws `badData` for a network that 8-bit integers cannot hold, with the layer's name.
  package init(_ network: Network, _ dataset: Dataset, threadCount: Int) throws(Failure) {
    self.network = network
    normalization = dataset.normalization
    classNames = dataset.classNames
    images = try CalibrationImages(
      dataset.training, count: Self.imageCount, threadCount: threadCount)
    _ = try fused(.initial(network: network, seed: 0)).layouts()
  }

  /// One for each value that is rounded, at the parameters `state`: not for the image, whose bytes are
  /// exact, nor for what passes numbers on as they are.
  package func callAsFunction(_ state: ModelState) throws(Failure) -> [ValueForm] {
    let fused = try fused(state)
    let values = try fused.values(images, .leastSquares)
    return fused.steps.indices.compactMap { index in
      let (node, value) = (fused.nodes[index + 1], values[index + 1])
      guard node != Graph.image, fused.steps[index].operation.rounds else { return nil }
      return ValueForm(
        node: node, form: NumberForm(scale: value.scale, zeroPoint: value.zeroPoint))
    }
  }

  private func fused(_ state: ModelState) throws(Failure) -> FusedNetwork {
    try FusedNetwork(
      TrainedModel(
        network: network, state: state, normalization: normalization, classNames: classNames))
  }
}

extension TrainingOptions {
  /// Options for a run of a recipe, with what its epochs for 8-bit integers need.
  package mutating func calibrate(
    _ recipe: Recipe, _ network: Network, _ dataset: Dataset, threadCount: Int
  ) throws(Failure) {
    guard recipe.quantize == .int8 else { return }
    let forms = try TrainingForms(network, dataset, threadCount: threadCount)
    calibrate = { try forms($0) }
  }
}

extension InferenceOperation {
  /// Whether its results are others than numbers that it reads.
  fileprivate var rounds: Bool {
    switch self {
    case .pool(.maximum, _), .globalPool(.maximum), .flatten, .concatenate: false
    default: true
    }
  }
}
