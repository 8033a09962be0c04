// The plan's fused stages against the reference, over networks that use every kind of stage.

import PTrainDatasets
import PTrainMemory
import PTrainNetworks
import Testing

@testable import PTrainEngine

/// Networks and image sizes that between them reach every path of the plan.
enum Architecture: String, CaseIterable {
  case reluThenNorm, normThenRelu, strided, withoutNorm, denseStack, oddSizes, affineFirst
  case affineGroup, fusedFirst, fusedNormFirst

  var layers: [Layer] {
    switch self {
    case .reluThenNorm:
      [
        .conv(filters: 20, kernel: 3, stride: 1, padding: 1, bias: true), .relu, .batchNorm,
        .maxPool(size: 2), .conv(filters: 18, kernel: 3, stride: 1, padding: 1, bias: true), .relu,
        .batchNorm, .globalAveragePool, .dropout(rate: 0.25), .dense(features: 12, bias: true),
        .dense(features: nil, bias: true),
      ]
    case .normThenRelu:
      [
        .conv(filters: 8, kernel: 3, stride: 1, padding: 1, bias: false), .batchNorm, .relu,
        .conv(filters: 17, kernel: 3, stride: 1, padding: 1, bias: false), .batchNorm, .relu,
        .maxPool(size: 2), .dropout(rate: 0.2),
        .conv(filters: 33, kernel: 3, stride: 1, padding: 1, bias: false), .batchNorm, .relu,
        .globalAveragePool, .dense(features: nil, bias: true),
      ]
    case .strided:
      [
        .conv(filters: 16, kernel: 5, stride: 2, padding: 2, bias: true), .batchNorm, .relu,
        .conv(filters: 24, kernel: 3, stride: 2, padding: 1, bias: true), .relu,
        .conv(filters: 16, kernel: 1, stride: 1, padding: 0, bias: true), .batchNorm, .relu,
        .globalAveragePool, .dense(features: nil, bias: false),
      ]
    case .withoutNorm:
      [
        .conv(filters: 16, kernel: 3, stride: 1, padding: 0, bias: true), .relu, .maxPool(size: 3),
        .conv(filters: 16, kernel: 3, stride: 1, padding: 1, bias: true), .relu,
        .globalAveragePool, .dense(features: nil, bias: true),
      ]
    case .denseStack:
      [
        .conv(filters: 16, kernel: 3, stride: 1, padding: 1, bias: true), .relu, .batchNorm,
        .globalAveragePool, .dense(features: 40, bias: true), .relu, .batchNorm,
        .dropout(rate: 0.5), .dense(features: 21, bias: false), .batchNorm, .relu,
        .dense(features: nil, bias: true),
      ]
    case .oddSizes:
      [
        .conv(filters: 1, kernel: 3, stride: 1, padding: 1, bias: true), .batchNorm, .relu,
        .maxPool(size: 2), .conv(filters: 3, kernel: 5, stride: 1, padding: 2, bias: true),
        .batchNorm, .relu, .maxPool(size: 2), .globalAveragePool, .dense(features: 1, bias: true),
        .dense(features: nil, bias: true),
      ]
    case .fusedFirst:
      [
        .conv(filters: 20, kernel: 3, stride: 1, padding: 1, bias: true), .relu, .batchNorm,
        .maxPool(size: 2), .conv(filters: 16, kernel: 3, stride: 1, padding: 1, bias: true), .relu,
        .batchNorm, .globalAveragePool, .dense(features: nil, bias: true),
      ]
    case .fusedNormFirst:
      [
        .conv(filters: 16, kernel: 3, stride: 1, padding: 1, bias: false), .batchNorm, .relu,
        .maxPool(size: 2), .dropout(rate: 0.2),
        .conv(filters: 17, kernel: 3, stride: 1, padding: 1, bias: false), .batchNorm, .relu,
        .globalAveragePool, .dense(features: nil, bias: true),
      ]
    case .affineFirst, .affineGroup:
      [
        .conv(filters: 18, kernel: 3, stride: 1, padding: 1, bias: false), .batchNorm, .relu,
        .conv(filters: 16, kernel: 3, stride: 1, padding: 1, bias: false), .batchNorm, .relu,
        .globalAveragePool, .dense(features: nil, bias: true),
      ]
    }
  }

  /// Of the images; wide enough where the first layer is to be made again from them.
  var size: (height: Int, width: Int) {
    switch self {
    case .oddSizes: (13, 19)
    case .affineFirst: (14, 18)
    case .affineGroup: (4, 16)
    case .fusedFirst: (10, 18)
    case .fusedNormFirst: (8, 20)
    default: (14, 14)
    }
  }

  func network(classCount: Int = 5) throws -> Network {
    try Network(
      description: ModelDescription(name: rawValue, layers: layers),
      input: Shape(channels: 1, height: size.height, width: size.width), classCount: classCount)
  }

  /// Random images and a state in which BN scales of both signs occur.
  func samples(_ count: Int) throws -> ImageSet {
    let stream = RandomStream(seed: 7, purpose: .shuffle)
    let pixels = size.height * size.width
    return try ImageSet(
      height: size.height, width: size.width,
      images: (0..<count * pixels).map { UInt8(stream.word(element: $0) >> 24) },
      labels: (0..<count).map { UInt16(stream.word(element: 1_000_000 + $0) % 5) })
  }

  func state(_ network: Network) -> ModelState {
    var state = ModelState.initial(network: network, seed: 3)
    let stream = RandomStream(seed: 9, purpose: .shuffle)
    for tensor in network.layout.tensors where tensor.role == .scale || tensor.role == .shift {
      for place in tensor.range {
        let value = 2 * stream.uniform(element: place) - 1
        state.values[place] = tensor.role == .scale && abs(value) < 0.2 ? 0.5 : value
      }
    }
    return state
  }
}

@Suite struct GradientTests {
  /// What the comparisons below rely on: between them the architectures take every way.
  @Test func architecturesReachEveryPathOfThePlan() throws {
    let states = try Architecture.allCases.map { architecture in
      let network = try architecture.network()
      return try Session(
        network, state: architecture.state(network), configuration: TestData.configuration(),
        sampleCapacity: 8
      ).runner.executor.states
    }
    let all = states.flatMap { $0 }
    #expect(all.contains { $0.form.isFused })
    #expect(all.contains { $0.stage.isRecomputed && !$0.form.isFused })
    #expect(all.contains { $0.stage.isAffine && $0.isAffine })
    #expect(all.contains { $0.form.fusesOutputGradient })
    #expect(all.contains { $0.stage.isConvolution && !$0.form.fusesOutputGradient })
    let groups = states.filter { $0[0].isAffine }.map { $0[1].form.storage.imageGroup }
    #expect(groups.contains(1) && groups.contains { $0 > 1 })
  }

  /// BN over one or two vectors has no gradient but rounding, so that counts start higher. The last
  /// shard of 9 holds one sample.
  @Test(arguments: Architecture.allCases, [5, 8, 9, 19])
  func stepAgreesWithReference(architecture: Architecture, count: Int) throws {
    try check(architecture, count: count)
  }

  /// A batch of one, where BN has a plane of pixels to average over. Left out are networks whose logits
  /// then depend on no image: the mean of a normalised plane is BN's shift.
  @Test(
    arguments: Architecture.allCases.filter {
      ![.denseStack, .reluThenNorm, .fusedFirst].contains($0)
    })
  func stepOfOneSampleAgreesWithReference(architecture: Architecture) throws {
    try check(architecture, count: 1)
  }

  private func check(_ architecture: Architecture, count: Int) throws {
    let network = try architecture.network()
    let configuration = try TestData.configuration()
    let comparison = try ReferenceComparison(
      network, state: architecture.state(network), set: architecture.samples(24),
      normalization: Normalization(mean: 0.5, standardDeviation: 0.3),
      order: (0..<UInt32(count)).map { ($0 * 5) % 24 }, labelSmoothing: 0.1,
      configuration: configuration)
    // Without fused multiply-add every square is rounded before it is summed, and a variance is the
    // difference of two sums.
    let statisticsBound = configuration.kernels.instructionSet == .baseline ? 2e-5 : 1e-5
    #expect(abs(comparison.loss - comparison.referenceLoss) < 1e-5)
    for (name, error) in comparison.gradientErrors() { #expect(error < 1e-4, "\(name)") }
    for (name, error) in comparison.statisticsErrors() {
      #expect(error < statisticsBound, "\(name)")
    }
  }
}

extension GoldenTests {
  @Test func gradientsOf256ImagesAgreeWithReference() throws {
    let comparison = try ReferenceComparison(
      TestData.eva8(dropout: 0.1), state: golden.state, set: dataset.training,
      normalization: dataset.normalization, order: [UInt32](0..<256),
      configuration: TestData.configuration())
    for (name, error) in comparison.gradientErrors() { #expect(error < 1e-4, "\(name)") }
    for (name, error) in comparison.statisticsErrors() { #expect(error < 1e-5, "\(name)") }
  }

  /// Its first layer's gradient is put together from sums over images with a constant background.
  @Test func gradientsOfCompactAgreeWithReference() throws {
    var description = try ModelDescription.preset(named: "compact")
    // The reference sees images as they are.
    description.recipe.augment = []
    let compact = try Network(
      description: description, input: Shape(channels: 1, height: 28, width: 28), classCount: 10)
    let comparison = try ReferenceComparison(
      compact, state: .initial(network: compact, seed: 3), set: dataset.training,
      normalization: dataset.normalization, order: [UInt32](0..<64),
      configuration: TestData.configuration())
    for (name, error) in comparison.gradientErrors() { #expect(error < 1e-4, "\(name)") }
    for (name, error) in comparison.statisticsErrors() { #expect(error < 1e-5, "\(name)") }
  }

  @Test func logitsAgreeWithReference() throws {
    let session = try Session(
      network, state: golden.state, configuration: TestData.configuration(), sampleCapacity: 100)
    let images = dataset.test[0..<1000]
    let logits = try session.logits(images, dataset.normalization)
    let input = images.images.map {
      Double(dataset.normalization.input(Float($0)))
    }
    let reference = ReferenceNetwork<Double>(network: network, state: golden.state)
      .forward(input, mode: .evaluation).output
    let largest = reference.map(abs).max()!
    let error = zip(logits, reference).map { abs(Double($0) - $1) }.max()!
    #expect(error / largest < 1e-5)
  }
}
