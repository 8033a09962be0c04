// The same bits at every number of threads, ranks and nodes.

import Foundation
import PTrainDatasets
import PTrainKernels
import PTrainMemory
import PTrainNetworks
import Testing

@testable import PTrainEngine

@Suite struct DeterminismTests {
  /// A sanitizer looks at memory and threads, not at numbers: one model and batch size show them all.
  private static let isSanitized =
    ProcessInfo.processInfo.environment["PTRAIN_SANITIZER"] != nil

  /// The default model, which augments its images, among them.
  static let models = isSanitized ? ["compact"] : ["eva8", "compact", "tiny"]
  static let batchSizes = isSanitized ? [100] : [256, 100]

  /// The last minibatch of 100 or 256 is smaller.
  private static func run(
    _ model: String, batchSize: Int, threads: Int, nodes: Int = 1, cpuCount: Int = 2,
    communicator: any Communicator = SingleProcess()
  ) throws -> NoiseRun.Outcome {
    var run = try NoiseRun(
      ModelDescription.preset(named: model), input: Shape(channels: 1, height: 28, width: 28),
      training: 330, test: 110, batchSize: batchSize)
    run.nodes = nodes
    run.cpuCount = cpuCount
    return try run.outcome(threads: threads, communicator: communicator)
  }

  /// With fewer CPUs than workers, and with one for each: a worker then has a range of its own.
  @Test(arguments: models, batchSizes)
  func threadsAndNodesKeepTheBits(model: String, batchSize: Int) throws {
    let expected = try Self.run(model, batchSize: batchSize, threads: 1)
    #expect(expected.losses.count == 2 * ((330 + batchSize - 1) / batchSize))
    for (threads, nodes, cpuCount) in [
      (2, 1, 2), (3, 2, 16), (5, 3, 2), (16, 1, 2), (16, 1, 16), (8, 4, 16),
    ] {
      let outcome = try Self.run(
        model, batchSize: batchSize, threads: threads, nodes: nodes, cpuCount: cpuCount)
      #expect(outcome == expected, "\(threads) threads, \(nodes) nodes, \(cpuCount) CPUs")
    }
  }

  @Test(arguments: models, batchSizes)
  func ranksKeepTheBits(model: String, batchSize: Int) throws {
    let expected = try Self.run(model, batchSize: batchSize, threads: 2)
    for (ranks, threads, nodes) in [(1, 1, 1), (2, 1, 1), (3, 2, 2), (4, 2, 1)] {
      let outcomes = try ThreadRanks.run(ranks) { communicator in
        try Self.run(
          model, batchSize: batchSize, threads: threads, nodes: nodes, cpuCount: 16,
          communicator: communicator)
      }
      #expect(outcomes.allSatisfy { $0 == expected }, "\(ranks) ranks of \(threads) threads")
    }
  }
}
