// The same bits for networks that are no chain: over threads and ranks, and where a run went on.

import PTrainNetworks
import Testing

@testable import PTrainEngine

@Suite struct GraphDeterminismTests {
  private struct Stop: Error {}

  static let concatenation = """
    name: inception
    layers:
      - conv: {filters: 16, padding: 1}
      - batchNorm
      - relu
      - concat:
          - [conv: {filters: 16, kernel: 1}, batchNorm, relu]
          - [conv: {filters: 8, kernel: 1}, relu, conv: {filters: 16, kernel: 5, padding: 2}, batchNorm, relu]
          - [maxPool: {size: 3, stride: 1, padding: 1}, conv: {filters: 8, kernel: 1}, silu]
      - dropout: 0.1
      - maxPool: 2
      - conv: {filters: 24, stride: 2, padding: same}
      - batchNorm
      - gelu
      - globalAveragePool
      - dense: classes
    recipe: {epochs: 2, batchSize: 32, optimizer: adam, learningRate: 0.003}
    """

  /// The first stage is affine in the image, and its phase is not the last one backward.
  static let imageBranches = """
    name: branches
    layers:
      - concat:
          - [conv: {filters: 8, padding: 1, bias: false}, batchNorm, relu, conv: {filters: 8, padding: 1}]
          - [conv: {filters: 8, padding: 1}, batchNorm, conv: {filters: 8, padding: 1}, batchNorm, relu,
             conv: {filters: 8, padding: 1}, batchNorm, conv: {filters: 8, padding: 1}, batchNorm]
      - globalAveragePool
      - dense: classes
    recipe: {epochs: 2, batchSize: 32, optimizer: adam, learningRate: 0.003}
    """

  /// Models with images as small as their strides allow.
  static let cases: [(model: String, input: Shape)] = [
    ("resnet8", Shape(channels: 3, height: 16, width: 16)),
    ("mobilenet-025", Shape(channels: 3, height: 40, width: 40)),
    ("ds-cnn", Shape(channels: 1, height: 49, width: 10)),
    ("lenet5", Shape(channels: 1, height: 28, width: 28)),
    ("concat", Shape(channels: 3, height: 12, width: 11)),
    ("concat for int8", Shape(channels: 3, height: 12, width: 11)),
    ("branches", Shape(channels: 1, height: 28, width: 28)),
  ]

  /// Four minibatches an epoch, the last one smaller.
  private static func run(_ model: String, _ input: Shape) throws -> NoiseRun {
    var description =
      try model.hasPrefix("concat")
      ? ModelDescription.parse(yaml: concatenation, source: "inception.yaml")
      : model == "branches"
        ? ModelDescription.parse(yaml: imageBranches, source: "branches.yaml")
        : ModelDescription.preset(named: model)
    if model.hasSuffix("int8") { description.recipe.quantize = .int8 }
    return try NoiseRun(
      description, input: input, epochs: 1, training: 109, test: 30, batchSize: 32)
  }

  @Test(arguments: cases)
  func threadsAndRanksKeepTheBits(model: String, input: Shape) throws {
    var run = try Self.run(model, input)
    let expected = try run.outcome(threads: 1)
    #expect(expected.losses.count == 4)
    for threads in [2, 3, 5, 8, 16] {
      #expect(try run.outcome(threads: threads) == expected, "\(threads) threads")
    }
    run.cpuCount = 16
    run.nodes = 2
    for (ranks, threads) in [(2, 1), (4, 3)] {
      let outcomes = try ThreadRanks.run(ranks) { [run] communicator in
        try run.outcome(threads: threads, communicator: communicator)
      }
      #expect(outcomes.allSatisfy { $0 == expected }, "\(ranks) ranks of \(threads) threads")
    }
  }

  @Test(arguments: cases)
  func aRunGoesOnInTheMiddleOfAnEpoch(model: String, input: Shape) throws {
    let run = try Self.run(model, input)
    let expected = try run.outcome(threads: 2)
    let first = try run.trainer(threads: 3)
    #expect(throws: Stop.self) {
      try first.run { event in
        if case .step = event, first.snapshot.position.runStep == 2 { throw Stop() }
      }
    }
    let resumed = try run.outcome(threads: 1, from: first.snapshot)
    #expect(resumed.state == expected.state)
    #expect(resumed.epochs == expected.epochs)
  }

  /// Groups of 8, 4, 2 and 1 shards share a slot of `fc1`'s weight gradient; the second minibatch has six.
  @Test func sharedSlotsKeepTheBits() throws {
    let description = try ModelDescription.parse(
      yaml: """
        name: wide
        layers:
          - flatten
          - dense: 260
          - relu
          - dense: 260
          - batchNorm
          - relu
          - dense: classes
        recipe: {epochs: 1, batchSize: 256, optimizer: sgd, learningRate: 0.01}
        """, source: "wide.yaml")
    var run = try NoiseRun(
      description, input: Shape(channels: 1, height: 6, width: 6), epochs: 1, training: 300,
      test: 10,
      batchSize: 256)
    run.nodes = 2
    run.cpuCount = 16
    let expected = try run.outcome(threads: 2)
    #expect(expected.losses.count == 2)
    run.nodes = 1
    for (threads, groupSize) in [(1, 16), (2, 8), (3, 4), (5, 2), (9, 1)] {
      let trainer = try run.trainer(threads: threads)
      #expect(trainer.session.runner.memory.groupSize == groupSize)
      #expect(try run.outcome(threads: threads) == expected, "\(threads) threads")
    }
    let ranks = try ThreadRanks.run(2) { [run] communicator in
      try run.outcome(threads: 1, communicator: communicator)
    }
    #expect(ranks.allSatisfy { $0 == expected })
  }
}
