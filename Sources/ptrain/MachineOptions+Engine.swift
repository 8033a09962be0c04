// From the machine, `--threads` and `--numa` to what the engine is told to use.

import PTrainEngine
import PTrainKernels
import PTrainMemory

extension MachineOptions {
  /// Kernels of the widest instruction set, or of the one in `PTRAIN_ISA`; workers as the topology has
  /// room, together with the other processes of the job.
  func engineConfiguration() throws -> EngineConfiguration {
    let communicator = try Job.join()
    return EngineConfiguration(
      kernels: try KernelChoice.select(environment: Job.environment), topology: Topology.read(),
      threadCount: threads, communicator: communicator,
      localRankCount: Launcher.localRankCount(Job.environment), bindsToNodes: numa == .auto
    ) { reason in
      try? Terminal.writeRemark("Warning: \(Job.rankPrefix)\(reason)\n")
    }
  }
}
