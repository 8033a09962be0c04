// Topologies of machines that tests describe, and what is made of missing or odd files.
// Each case is a machine or container on which others start too many or too few threads.

import Testing

@testable import PTrainMemory

@Suite struct TopologyTests {
  @Test func twoSockets() throws {
    let topology = try SystemTree.twoSockets.read(affinity: CPUSet(0...255))
    #expect(topology.nodes.map(\.id) == [0, 1])
    #expect(topology.nodes[1].cpus.description == "64-127,192-255")
    #expect(topology.nodes[0].distances == [0: 10, 1: 21])
    #expect(topology.cores.count == 128)
    #expect(topology.cores[5] == CPUSet([5, 133]))
    #expect(topology.quota == nil)
    #expect(topology.defaultThreadCount == 128)
    #expect(topology.node(ofCPU: 200)?.id == 1)
  }

  @Test func affinityOfOneCPU() throws {
    let topology = try SystemTree.twoSockets.read(affinity: CPUSet([70]))
    #expect(topology.allowed == CPUSet([70]))
    #expect(topology.defaultThreadCount == 1)
  }

  @Test func affinityOfSiblingsIsOneCore() throws {
    let topology = try SystemTree.twoSockets.read(affinity: CPUSet([1, 2, 129]))
    #expect(topology.cores == [CPUSet([1, 129]), CPUSet([2])])
    #expect(topology.defaultThreadCount == 2)
  }

  @Test func offlineCPUsAreNotUsed() throws {
    var tree = SystemTree()
    tree.addMachine(online: "0,2-3", cores: ["0", "2", "3"], nodes: [0: "0-3"])
    let topology = try tree.read(affinity: CPUSet(0...3))
    #expect(topology.online == CPUSet([0, 2, 3]))
    #expect(topology.nodes[0].cpus == CPUSet([0, 2, 3]))
    #expect(topology.defaultThreadCount == 3)
  }

  @Test func nodeWithoutMemoryHasANearestOne() throws {
    var tree = SystemTree()
    tree.addMachine(
      online: "0-5", cores: (0..<6).map { "\($0)" }, nodes: [0: "0-1", 1: "2-3", 4: "4-5"])
    tree.add("sys/devices/system/node/has_memory", "0-1")
    tree.add("sys/devices/system/node/node4/distance", "31 21 10")
    let topology = try tree.read(affinity: CPUSet(0...5))
    #expect(topology.nodes.map(\.hasMemory) == [true, true, false])
    #expect(topology.memoryNode(nearest: topology.nodes[2])?.id == 1)
    #expect(topology.memoryNode(nearest: topology.nodes[0])?.id == 0)
  }

  @Test func nodeWithoutCPUs() throws {
    var tree = SystemTree()
    tree.addMachine(online: "0-1", cores: ["0", "1"], nodes: [0: "0-1", 1: ""])
    let topology = try tree.read(affinity: CPUSet(0...1))
    #expect(topology.nodes[1].cpus.isEmpty)
    #expect(topology.placements(workerCount: 2).map(\.node) == [0, 0])
  }

  @Test func memoryThatTheProcessMayNotUse() throws {
    var tree = SystemTree.twoSockets
    tree.add("proc/self/status", "Name:\tx\nMems_allowed:\t1\nMems_allowed_list:\t0")
    let topology = try tree.read(affinity: CPUSet(0...255))
    #expect(topology.nodes.map(\.hasMemory) == [true, false])
  }

  @Test func noFilesAtAll() throws {
    let topology = try SystemTree().read(affinity: CPUSet([0, 1, 5]))
    #expect(topology.nodes.count == 1)
    #expect(topology.nodes[0].cpus == CPUSet([0, 1, 5]))
    #expect(topology.nodes[0].hasMemory)
    #expect(topology.allowed == CPUSet([0, 1, 5]))
    #expect(topology.defaultThreadCount == 3)
  }

  @Test func nonsenseInFilesIsIgnored() throws {
    var tree = SystemTree()
    tree.add("sys/devices/system/cpu/online", "zero to four")
    tree.add("sys/devices/system/node/online", "-")
    tree.add("sys/devices/system/cpu/cpu0/topology/thread_siblings_list", "99-3")
    tree.add("proc/self/cgroup", "::::\n0::\nx")
    let topology = try tree.read(affinity: CPUSet([0, 1]))
    #expect(topology.online == CPUSet([0, 1]))
    #expect(topology.cores == [CPUSet([0]), CPUSet([1])])
    #expect(topology.quota == nil)
  }

  @Test func affinityOutsideOfTheOnlineCPUsWins() throws {
    let topology = try SystemTree.fourCores.read(affinity: CPUSet([9]))
    #expect(topology.allowed == CPUSet([9]))
    #expect(topology.placements(workerCount: 1) == [.unbound])
  }

  @Test func thisMachine() {
    let topology = Topology.read()
    #expect(!topology.allowed.isEmpty)
    #expect(topology.defaultThreadCount >= 1)
    #expect(topology.defaultThreadCount <= topology.allowed.count)
    #expect(topology.cores.reduce(0) { $0 + $1.count } == topology.allowed.count)
  }
}
