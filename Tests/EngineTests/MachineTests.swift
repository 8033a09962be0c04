// What a rank takes of a machine, what a launcher is recognised by, and what binding leaves behind.

import PTrainDiagnostics
import Synchronization
import Testing

@testable import PTrainEngine
@testable import PTrainMemory

@Suite struct MachineShareTests {
  private func topology(
    cpus: Int, allowed: Int? = nil, siblings: Int = 1, quota: Double? = nil
  ) -> Topology {
    let online = CPUSet(0..<cpus)
    let allowed = CPUSet(0..<(allowed ?? cpus))
    let cores = stride(from: 0, to: allowed.count, by: siblings).map {
      CPUSet($0..<min($0 + siblings, allowed.count))
    }
    return Topology(
      nodes: [Topology.Node(id: 0, cpus: online, hasMemory: true, distances: [0: 10])],
      online: online, allowed: allowed, cores: cores, quota: quota)
  }

  @Test func oneProcessTakesAllCores() {
    let share = MachineShare(topology(cpus: 16, siblings: 2), rankCount: 1)
    #expect(share.threadCount == 8)
    #expect(share.cpuCount == 16)
  }

  @Test func ranksShareWhatTheLauncherLeftUnbound() {
    let share = MachineShare(topology(cpus: 16), rankCount: 4)
    #expect(share.threadCount == 4)
    #expect(share.cpuCount == 4)
  }

  @Test func ranksThatTheLauncherBoundKeepTheirCPUs() {
    let share = MachineShare(topology(cpus: 16, allowed: 4), rankCount: 4)
    #expect(share.threadCount == 4)
    #expect(share.cpuCount == 4)
  }

  @Test func aQuotaOfOneCPUGivesOneThread() {
    #expect(MachineShare(topology(cpus: 64, quota: 1), rankCount: 1).threadCount == 1)
    #expect(MachineShare(topology(cpus: 64, quota: 1), rankCount: 1).cpuCount == 1)
    #expect(MachineShare(topology(cpus: 64, quota: 8), rankCount: 4).threadCount == 2)
  }

  @Test func anAffinityMaskOfOneCPUGivesOneThread() {
    #expect(MachineShare(topology(cpus: 64, allowed: 1), rankCount: 1).threadCount == 1)
  }

  @Test func moreRanksThanCPUsStillRun() {
    let share = MachineShare(topology(cpus: 2, quota: 0.5), rankCount: 8)
    #expect(share == MachineShare(topology(cpus: 1), rankCount: 1))
  }
}

@Suite struct LauncherTests {
  @Test(arguments: ["OMPI_COMM_WORLD_SIZE", "PMI_SIZE"])
  func countsRanks(variable: String) {
    #expect(Launcher.rankCount([variable: "4", "PATH": "/bin"]) == 4)
    #expect(Launcher.rankCount([variable: "many"]) == nil)
    #expect(Launcher.rankCount([:]) == nil)
  }

  @Test func oneProcessNeedsNoMPI() throws {
    #expect(try Launcher.communicator([:]).size == 1)
  }

  #if !MPI
    @Test func aBuildWithoutMPIStopsUnderALauncher() throws {
      let failure = try #require(throws: Failure.self) {
        try Launcher.communicator(["OMPI_COMM_WORLD_SIZE": "2"])
      }
      #expect(failure.kind == .usage)
      #expect(failure.message.contains("one of 2 ranks"))
      #expect(failure.message.contains("--traits default,MPI"))
    }
  #endif
}

@Suite struct TopologyBindingTests {
  @Test func workersRunWhereTheyAreBoundAndAreFreeAfterwards() throws {
    let topology = Topology.read()
    let before = ThreadAffinity.current()
    let binding = TopologyBinding(topology, workerCount: topology.cores.count) { reason in
      Issue.record("\(reason)")
    }
    for worker in 0..<topology.cores.count {
      binding.run(as: worker) {
        #expect(ThreadAffinity.current() == binding.placements[worker].cpus)
      }
      #expect(ThreadAffinity.current() == before)
    }
  }

  /// A CPU that is not there stands for a container that forbids binding.
  @Test func whatTheSystemRefusesIsToldOnce() {
    let missing = CPUSet([CPUSet.limit - 1, CPUSet.limit - 2])
    let topology = Topology(
      nodes: [Topology.Node(id: 0, cpus: missing, hasMemory: true, distances: [0: 10])],
      online: missing, allowed: missing, cores: missing.map { CPUSet([$0]) }, quota: nil)
    let warnings = Mutex<[String]>([])
    let binding = TopologyBinding(topology, workerCount: 2) { reason in
      warnings.withLock { $0.append(reason) }
    }
    var runs = 0
    for worker in [0, 1, 0] { binding.run(as: worker) { runs += 1 } }
    #expect(runs == 3)
    #expect(warnings.withLock(\.count) == 1)
    #expect(warnings.withLock { $0[0].contains("--numa off") })
  }

  @Test func twoNodesBecomeTwoHomes() {
    let nodes = [3, 7].map { id in
      Topology.Node(
        id: id, cpus: CPUSet([id * 10, id * 10 + 1]), hasMemory: true, distances: [id: 10])
    }
    let cpus = CPUSet([30, 31, 70, 71])
    let topology = Topology(
      nodes: nodes, online: cpus, allowed: cpus, cores: cpus.map { CPUSet([$0]) }, quota: nil)
    let binding = TopologyBinding(topology, workerCount: 4) { _ in }
    #expect(binding.nodeCount == 2)
    #expect((0..<4).map(binding.node) == [0, 0, 1, 1])
    #expect((0..<2).map(binding.memoryNode) == [3, 7])
  }
}
