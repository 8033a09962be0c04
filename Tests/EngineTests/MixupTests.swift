// Training on mixed images: against the reference, and the same bits however the work is shared out.

import PTrainDatasets
import PTrainKernelTypes
import PTrainKernels
import PTrainMemory
import PTrainNetworks
import Testing

@testable import PTrainEngine

@Suite struct MixupTests {
  static let mixes: [Augmentation] = [.mixup(1), .cutmix(1)]

  private func augment(_ mix: Augmentation) -> [Augmentation] {
    [.flip(FlipAugmentation()), .crop(1), mix, .cutout(3)]
  }

  private func network(_ mix: Augmentation) throws -> Network {
    var recipe = Recipe()
    recipe.augment = augment(mix)
    return try Network(
      description: ModelDescription(
        name: "small", layers: Architecture.normThenRelu.layers, recipe: recipe),
      input: Shape(channels: 3, height: 11, width: 9), classCount: 20)
  }

  /// Of 20 classes, so that labels reach two vectors of lanes.
  private func set() throws -> ImageSet {
    let stream = RandomStream(seed: 5, purpose: .shuffle)
    return try ImageSet(
      height: 11, width: 9, channels: 3,
      images: (0..<40 * 297).map { UInt8(stream.word(element: $0) >> 24) },
      labels: (0..<40).map { UInt16($0 % 20) })
  }

  private static let classWeights: [[Float]] = [[], (0..<20).map { Float($0 % 4) / 2 + 0.25 }]

  @Test(
    arguments: [(Augmentation.mixup(1), 0.0), (.mixup(1), 0.1), (.cutmix(1), 0.1)], classWeights)
  func stepAgreesWithReference(
    mixing: (mix: Augmentation, smoothing: Double), classWeights: [Float]
  ) throws {
    let (mix, smoothing) = mixing
    let network = try network(mix)
    let normalization = Normalization(
      means: [0.5, 0.25, 0.75], standardDeviations: [0.25, 0.5, 0.125])
    let order = (0..<UInt32(27)).map { $0 * 7 % 40 }
    func comparison(_ network: Network) throws -> ReferenceComparison {
      try ReferenceComparison(
        network, state: .initial(network: network, seed: 3), set: set(),
        normalization: normalization, order: order, labelSmoothing: smoothing,
        classWeights: classWeights, configuration: TestData.configuration())
    }
    let run = try comparison(network)
    #expect(abs(run.loss - run.referenceLoss) < 1e-5)
    for (name, error) in run.gradientErrors() { #expect(error < 1e-4, "\(name)") }
    // It acts.
    var plain = network.description
    plain.recipe.augment = augment(mix).filter { !$0.isMixing }
    let other = try comparison(
      Network(description: plain, input: network.input, classCount: network.classCount))
    #expect(abs(other.loss - run.loss) > 1e-3)
  }

  private func run(_ mix: Augmentation) throws -> NoiseRun {
    var description = try ModelDescription.preset(named: "tiny")
    description.recipe.augment = augment(mix)
    return try NoiseRun(
      description, input: Shape(channels: 3, height: 12, width: 12), training: 75, test: 20,
      batchSize: 32)
  }

  @Test(arguments: mixes) func threadsNodesAndRanksKeepTheBits(mix: Augmentation) throws {
    var run = try run(mix)
    let expected = try run.outcome(threads: 1)
    for (threads, nodes, cpuCount) in [(2, 1, 2), (3, 2, 16), (5, 3, 2), (16, 1, 16)] {
      (run.nodes, run.cpuCount) = (nodes, cpuCount)
      #expect(try run.outcome(threads: threads) == expected, "\(threads) threads, \(nodes) nodes")
    }
    (run.nodes, run.cpuCount) = (1, 16)
    for ranks in [2, 3] {
      let outcomes = try ThreadRanks.run(ranks) { [run] communicator in
        try run.outcome(threads: 2, communicator: communicator)
      }
      #expect(outcomes.allSatisfy { $0 == expected }, "\(ranks) ranks")
    }
  }

  private struct Stop: Error {}

  @Test(arguments: mixes) func aRunThatStoppedGoesOnWithTheSameMixes(mix: Augmentation) throws {
    let run = try run(mix)
    let expected = try run.outcome(threads: 2)
    for stop in [1, 4] {
      let first = try run.trainer(threads: 2)
      #expect(throws: Stop.self) {
        try first.run { event in
          if case .step = event, first.snapshot.position.runStep == stop { throw Stop() }
        }
      }
      let resumed = try run.outcome(threads: 3, from: first.snapshot)
      #expect(resumed.state == expected.state && resumed.losses == Array(expected.losses[stop...]))
    }
  }

  /// The baseline has bits of its own.
  @Test(arguments: mixes) func vectorWidthsDoNotChangeABit(mix: Augmentation) throws {
    var run = ShortRun()
    run.recipe.augment = augment(mix)
    let expected = try run.finalState()
    for instructionSet in KernelChoice.available where instructionSet != .baseline {
      run.kernels = KernelChoice.kernels(for: instructionSet)
      #expect(try run.finalState() == expected, "\(instructionSet)")
    }
  }
}
