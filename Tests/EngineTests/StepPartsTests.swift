// How a step's work and memory are cut: slots of shards, sums, ranges of nodes.

import PTrainKernelTypes
import PTrainKernels
import PTrainNetworks
import Testing

@testable import PTrainEngine

@Suite struct StepPartsTests {
  private func session(_ architecture: Architecture) throws -> Session {
    let network = try architecture.network()
    return try Session(
      network, state: architecture.state(network), configuration: TestData.configuration(),
      sampleCapacity: 19)
  }

  @Test(arguments: Architecture.allCases)
  func plansKeepTheirInvariants(architecture: Architecture) throws {
    #expect(try Plan(architecture.network()).violations.isEmpty)
  }

  /// Parts of a slot follow each other without a gap, on whole vectors, with room for their sums.
  @Test(arguments: Architecture.allCases)
  func slotsHoldTheirSumsWithoutOverlap(architecture: Architecture) throws {
    for state in try session(architecture).runner.executor.states {
      let (layout, lanes) = (state.slotLayout, state.stage.value.lanes)
      let parts = [
        layout.statistics, layout.backwardSums, layout.biasGradient, layout.weightGradient,
      ]
      #expect(parts[0].lowerBound == 0 && parts[3].upperBound == layout.count)
      #expect(zip(parts, parts.dropFirst()).allSatisfy { $0.upperBound == $1.lowerBound })
      #expect(parts.allSatisfy { $0.lowerBound.isMultiple(of: 16) && $0.count.isMultiple(of: 16) })
      let forward = state.isAffine ? ImageMoments.count : 2 * lanes + 16
      #expect(parts[0].count == forward && parts[2].count == lanes)
      #expect(parts[1].count == (state.isAffine ? 0 : 2 * lanes))
      #expect(parts[3].count >= state.form.storage.weightGradient)
      #expect(layout.slotCount == (state.isAffine ? layout.count : parts[2].upperBound))
      #expect(layout.gradients == parts[2].lowerBound..<layout.slotCount)
      #expect(state.gradientSlots.count == (state.isAffine ? 0 : parts[3].count))
    }
  }

  /// The pieces of the row fill it, each of a size that workers can share.
  @Test(arguments: Architecture.allCases)
  func piecesFillTheRowOfSums(architecture: Architecture) throws {
    let executor = try session(architecture).runner.executor
    let row = SumRow(executor.states, executor.results)
    var end = 0
    for piece in row.pieces {
      #expect(piece.column == end && (1...1024).contains(piece.slots.count))
      end += piece.slots.count
    }
    let gradients = executor.states.flatMap(\.gradients).map(\.count).reduce(0, +)
    #expect(end == row.width && end == gradients + executor.results.slots.count)
  }

  /// Ranges follow each other, and a node's share is that of its workers, to a thing.
  @Test(arguments: [[0], [0, 0, 0], [0, 1], [0, 1, 0, 1, 1], [0, 0, 0, 1, 2, 2], [1, 1, 0]])
  func nodesShareByTheirWorkers(nodes: [Int]) {
    let map = NodeMap(nodes: nodes)
    for count in 0...40 {
      let ranges = (0..<map.nodeCount).map { map.range(of: $0, count: count) }
      #expect(ranges.flatMap(Array.init) == Array(0..<count))
      for (node, range) in ranges.enumerated() {
        let workers = nodes.filter { $0 == node }.count
        #expect(abs(range.count * nodes.count - workers * count) < nodes.count)
      }
    }
  }
}
