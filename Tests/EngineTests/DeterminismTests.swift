// The same bits at every number of threads, ranks and nodes.

import Datasets
import Foundation
import Kernels
import Memory
import Networks
import Testing

@testable import Engine

@Suite struct DeterminismTests {
  private struct Outcome: Equatable, Sendable {
    var state: [UInt32] = []
    var losses: [Double] = []
    var epochs: [Evaluation] = []
  }

  /// A sanitizer looks at memory and threads, not at numbers: one model and batch size show them all.
  private static let isSanitized =
    ProcessInfo.processInfo.environment["PTRAIN_SANITIZER"] != nil

  /// The default model, which augments its images, among them.
  static let models = isSanitized ? ["compact"] : ["eva8", "compact", "tiny"]
  static let batchSizes = isSanitized ? [100] : [256, 100]

  /// Images of noise with labels of noise; the last minibatch of 100 or 256 is smaller.
  private static let dataset = Result {
    try Dataset(
      name: "noise", training: noise(count: 330, seed: 1), test: noise(count: 110, seed: 2))
  }

  private static func noise(count: Int, seed: UInt64) throws -> ImageSet {
    let stream = RandomStream(seed: seed, purpose: .augmentation)
    let bytes = (0..<count * 28 * 28).map { UInt8(truncatingIfNeeded: stream.word(element: $0)) }
    return try ImageSet(
      height: 28, width: 28, images: bytes,
      labels: (0..<count).map { $0 < 10 ? UInt8($0) : bytes[$0] % 10 })
  }

  private static func train(
    _ model: String, batchSize: Int, threads: Int, nodes: Int = 1, cpuCount: Int = 2,
    communicator: any Communicator = SingleProcess()
  ) throws -> Outcome {
    let description = try ModelDescription.preset(named: model)
    var recipe = description.recipe
    recipe.epochs = 2
    recipe.batchSize = batchSize
    var configuration = EngineConfiguration(
      kernels: try KernelChoice.select(environment: [:]), threadCount: threads, cpuCount: cpuCount)
    configuration.communicator = communicator
    configuration.binding = SimulatedNodes(nodeCount: nodes)
    let dataset = try dataset.get()
    let trainer = try Trainer(
      network: Network(
        description: description, input: Shape(channels: 1, height: 28, width: 28), classCount: 10),
      recipe: recipe, dataset: dataset, options: TrainingOptions(), configuration: configuration)
    var outcome = Outcome()
    try trainer.run { event in
      switch event {
      case .step(let step): outcome.losses.append(step.loss)
      case .epoch(let epoch, let state):
        outcome.state = state.values.map(\.bitPattern)
        outcome.epochs += [epoch.training, epoch.test]
      default: break
      }
    }
    return outcome
  }

  /// With fewer CPUs than workers, and with one for each: a worker then has a range of its own.
  @Test(arguments: models, batchSizes)
  func threadsAndNodesKeepTheBits(model: String, batchSize: Int) throws {
    let expected = try Self.train(model, batchSize: batchSize, threads: 1)
    #expect(expected.losses.count == 2 * ((330 + batchSize - 1) / batchSize))
    for (threads, nodes, cpuCount) in [
      (2, 1, 2), (3, 2, 16), (5, 3, 2), (16, 1, 2), (16, 1, 16), (8, 4, 16),
    ] {
      let outcome = try Self.train(
        model, batchSize: batchSize, threads: threads, nodes: nodes, cpuCount: cpuCount)
      #expect(outcome == expected, "\(threads) threads, \(nodes) nodes, \(cpuCount) CPUs")
    }
  }

  @Test(arguments: models, batchSizes)
  func ranksKeepTheBits(model: String, batchSize: Int) throws {
    let expected = try Self.train(model, batchSize: batchSize, threads: 2)
    for (ranks, threads, nodes) in [(1, 1, 1), (2, 1, 1), (3, 2, 2), (4, 2, 1)] {
      let outcomes = try ThreadRanks.run(ranks) { communicator in
        try Self.train(
          model, batchSize: batchSize, threads: threads, nodes: nodes, cpuCount: 16,
          communicator: communicator)
      }
      #expect(outcomes.allSatisfy { $0 == expected }, "\(ranks) ranks of \(threads) threads")
    }
  }
}

/// Nodes that the machine does not have: worker `w` is at home on node `w` modulo `count`.
/// Their memory is the first node's.
struct SimulatedNodes: WorkerBinding {
  let nodeCount: Int
  func node(of worker: Int) -> Int { worker % nodeCount }
  func memoryNode(of node: Int) -> Int? { nodeCount > 1 ? 0 : nil }
  func run(as worker: Int, _ body: () -> Void) { body() }
  func report(_ reason: String) {}
}
