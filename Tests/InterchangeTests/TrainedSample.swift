// Models as tests need them: any network, with values as after training.

import PTrainArtifacts
import PTrainDatasets
import PTrainNetworks

extension TrainedModel {
  /// A network with values of which no two are alike, some scales of BN below zero.
  static func sample(
    _ description: ModelDescription, _ input: Shape, classCount: Int,
    normalization: Normalization = .mnist
  ) throws -> TrainedModel {
    let network = try Network(description: description, input: input, classCount: classCount)
    var state = ModelState.initial(network: network, seed: 1)
    for tensor in network.layout.tensors {
      for place in tensor.range {
        let part = Float(place * 37 % 101) / 101 - 0.5
        switch tensor.role {
        case .weight: break
        case .bias, .shift, .runningMean: state.values[place] = part
        case .scale: state.values[place] = 1 + part * (place.isMultiple(of: 3) ? -3 : 1)
        case .runningVariance: state.values[place] = 0.7 + part
        }
      }
    }
    return TrainedModel(network: network, state: state, normalization: normalization)
  }

  /// The same of five classes and images whose channels have means `mean`, `mean + step` ….
  static func sample(
    _ description: ModelDescription, _ input: Shape, mean: Float, step: Float
  ) throws -> TrainedModel {
    try sample(
      description, input, classCount: 5,
      normalization: Normalization(
        means: (0..<input.channels).map { mean + step * Float($0) },
        standardDeviations: (0..<input.channels).map { 0.3 - 0.05 * Float($0) }))
  }
}
