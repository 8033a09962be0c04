// Placement of workers: spread over nodes, cores before siblings, no CPU promised twice.
// Placement never changes a result, only where it is computed.

import Testing

@testable import PTrainMemory

@Suite struct WorkerPlacementTests {
  private static let machine = Result { try SystemTree.twoSockets.read(affinity: CPUSet(0...255)) }

  private var twoSockets: Topology {
    get throws { try Self.machine.get() }
  }

  @Test func workersSpreadOverNodes() throws {
    let placements = try twoSockets.placements(workerCount: 16)
    #expect(placements.map(\.node) == Array(repeating: 0, count: 8) + Array(repeating: 1, count: 8))
    #expect(placements.map(\.memoryNode) == placements.map(\.node))
    // Fewer than cores: any CPU of the node.
    #expect(placements[0].cpus?.description == "0-63,128-191")
  }

  @Test func oneWorkerACore() throws {
    let placements = try twoSockets.placements(workerCount: 128)
    #expect(placements.map(\.cpus) == (0..<128).map { CPUSet([$0]) })
  }

  @Test func siblingsComeLast() throws {
    let placements = try twoSockets.placements(workerCount: 256)
    let expected = [0..<64, 128..<192, 64..<128, 192..<256].flatMap { $0.map { CPUSet([$0]) } }
    #expect(placements.map(\.cpus) == expected)
  }

  @Test func unevenNodesGetTheirShare() throws {
    let affinity = CPUSet(Array(0..<12) + Array(64..<68))
    let topology = try SystemTree.twoSockets.read(affinity: affinity)
    let nodes = topology.placements(workerCount: 8).map(\.node)
    #expect(nodes.filter { $0 == 0 }.count == 6)
    #expect(nodes.filter { $0 == 1 }.count == 2)
    #expect(topology.placements(workerCount: 16).map(\.cpus) == affinity.map { CPUSet([$0]) })
  }

  @Test(arguments: [1, 2, 3, 5, 127, 129, 255, 257, 1000])
  func everyWorkerHasAPlace(count: Int) throws {
    let topology = try twoSockets
    let placements = topology.placements(workerCount: count)
    #expect(placements.count == count)
    for placement in placements {
      let cpus = try #require(placement.cpus)
      #expect(!cpus.isEmpty && cpus.subtracting(topology.allowed).isEmpty)
    }
  }

  @Test func moreWorkersThanCPUsShareThem() throws {
    let topology = try SystemTree.fourCores.read(affinity: CPUSet(0...1))
    let placements = topology.placements(workerCount: 16)
    #expect(placements.allSatisfy { $0.cpus == CPUSet([0, 1]) })
    #expect(topology.placements(workerCount: 2).map(\.cpus) == [CPUSet([0]), CPUSet([1])])
  }

  @Test func aSingleNodeBindsNoMemory() throws {
    let topology = try SystemTree.fourCores.read(affinity: CPUSet(0...3))
    #expect(topology.placements(workerCount: 4).allSatisfy { $0.memoryNode == nil })
  }

  @Test func aNodeWithoutMemoryUsesItsNeighbour() throws {
    var tree = SystemTree()
    tree.addMachine(
      online: "0-2", cores: ["0", "1", "2"], nodes: [0: "0", 1: "1", 2: "2"])
    tree.add("sys/devices/system/node/has_memory", "0-1")
    tree.add("sys/devices/system/node/node2/distance", "31 21 10")
    let topology = try tree.read(affinity: CPUSet(0...2))
    #expect(topology.placements(workerCount: 3).map(\.memoryNode) == [0, 1, 1])
  }
}
