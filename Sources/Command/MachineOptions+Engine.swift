// From `--threads`, `--numa` and the launcher to what a command uses of the machine.

import PTrain
import PTrainEngine

extension MachineOptions {
  /// What `--threads` and `--numa` say, together with the other processes of the job; kernels of the widest
  /// instruction set, or of the one in `PTRAIN_ISA`.
  func engineConfiguration() throws -> EngineConfiguration {
    var machine = Machine(threadCount: threads, bindsToNodes: numa == .auto) { reason in
      try? Terminal.writeRemark("Warning: \(Job.rankPrefix)\(reason)\n")
    }
    machine.communicator = try Job.join()
    machine.localProcessCount = Launcher.localRankCount(Job.environment)
    return try machine.configuration()
  }
}
