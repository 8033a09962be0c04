// How the engine uses the machine: kernels, workers and their places, and the job's other processes.
// Chosen once here, from the topology and the launcher's environment.

import PTrainKernelTypes
import PTrainMemory

/// What a session runs on.
package struct EngineConfiguration: Sendable {
  package var kernels: any KernelSet
  /// Workers of this process.
  package var threadCount: Int
  /// Workers that minibatches are cut for, where they are not `threadCount`: to see the tasks of more.
  package var cutWorkerCount: Int?
  /// CPUs that these workers may keep busy; more workers than that take turns.
  package var cpuCount: Int
  /// The processes that train together; `threadCount` is each one's.
  package var communicator: any Communicator = SingleProcess()
  /// Where workers run and which memory they prefer.
  package var binding: any WorkerBinding = Unbound()
  /// Told, on any thread, what the system refuses and the run goes on without.
  package var warn: @Sendable (String) -> Void = { _ in }

  package init(kernels: any KernelSet, threadCount: Int, cpuCount: Int) {
    self.kernels = kernels
    self.threadCount = threadCount
    self.cpuCount = cpuCount
  }

  /// Uses what this process may use of a machine.
  ///
  /// `threadCount` nil is what topology and quota suggest, shared with the `localRankCount` processes of
  /// the job on this machine. `bindsToNodes` binds workers and buffers to CPUs and nodes; `warn` is told,
  /// on any thread, what the system refuses: binding, or some of the workers. A portable build binds nothing.
  package init(
    kernels: any KernelSet, topology: Topology, threadCount: Int?,
    communicator: any Communicator = SingleProcess(), localRankCount: Int = 1,
    bindsToNodes: Bool = true, warn: @escaping @Sendable (String) -> Void
  ) {
    let share = MachineShare(topology, rankCount: localRankCount)
    self.init(
      kernels: kernels, threadCount: threadCount ?? share.threadCount, cpuCount: share.cpuCount)
    self.communicator = communicator
    self.warn = warn
    #if !Portable
      if bindsToNodes {
        binding = TopologyBinding(topology, workerCount: self.threadCount, warn: warn)
      }
    #endif
  }
}

/// What one of several ranks on a machine may use of it.
package struct MachineShare: Equatable, Sendable {
  /// Workers by default.
  package let threadCount: Int
  /// CPUs that are free for this rank.
  package let cpuCount: Int

  /// A launcher may have bound each rank to CPUs of its own; the topology then knows of these alone.
  /// Otherwise the ranks share the machine evenly, and they share a quota in any case.
  package init(_ topology: Topology, rankCount: Int) {
    let coreCount = topology.cores.count
    // The machine's cores, if all have as many CPUs as those that the process may use.
    let machineCoreCount = topology.online.count * coreCount / max(topology.allowed.count, 1)
    let quota = topology.quota.map { Int(min($0, 1e6).rounded(.up)) } ?? Int.max
    threadCount = max(
      1, min(topology.defaultThreadCount, machineCoreCount / rankCount, quota / rankCount))
    cpuCount = max(
      1, min(topology.allowed.count, topology.online.count / rankCount, quota / rankCount))
  }
}
