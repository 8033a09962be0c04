// Batch normalization of activations whose mean is many deviations from zero, as a large bias makes
// them, against the reference in Double.

import PTrainDatasets
import PTrainNetworks
import Testing

@testable import PTrainEngine

@Suite struct FarMeanTests {
  /// Convolutions of every kind that sum statistics: direct, Winograd, the fused first stage.
  private static let networks: [[Layer]] = [
    [.conv(filters: 4, kernel: 3, stride: 1, padding: 0, bias: true), .batchNorm, .relu],
    [
      .conv(filters: 16, kernel: 3, stride: 1, padding: 1, bias: false), .relu,
      .conv(filters: 16, kernel: 3, stride: 1, padding: 1, bias: true), .batchNorm, .relu,
    ],
    [
      .conv(filters: 16, kernel: 3, stride: 1, padding: 1, bias: true), .relu, .batchNorm,
      .maxPool(size: 2),
    ],
  ]

  /// Deviations of these convolutions are about 0.3: means of some 15 and 150 of them.
  @Test(arguments: networks.indices, [(Float(5), 1e-5), (50, 1e-4)])
  func statisticsAndGradientsAgreeWithReference(network: Int, far: (bias: Float, bound: Double))
    throws
  {
    let layers = Self.networks[network] + [.globalAveragePool, .dense(features: nil, bias: true)]
    let network = try Network(
      description: ModelDescription(name: "far", layers: layers),
      input: Shape(channels: 1, height: 28, width: 28), classCount: 5)
    var state = ModelState.initial(network: network, seed: 3)
    for tensor in network.layout.tensors where tensor.role == .bias && tensor.name.hasPrefix("conv")
    {
      for place in tensor.range { state.values[place] += far.bias }
    }
    let comparison = try ReferenceComparison(
      network, state: state, set: .synthetic(count: 24, height: 28, width: 28, classCount: 5),
      normalization: Normalization(mean: 0.5, standardDeviation: 0.3), order: [UInt32](0..<24),
      configuration: TestData.configuration())
    for (name, error) in comparison.statisticsErrors() {
      #expect(error < far.bound / 10, "\(name) \(error)")
    }
    for (name, error) in comparison.gradientErrors() where !name.hasSuffix("conv1.bias") {
      #expect(error < 20 * far.bound, "\(name) \(error)")
    }
  }
}
