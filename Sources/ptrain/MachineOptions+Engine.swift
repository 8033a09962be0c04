// From the machine and `--threads` to what the engine is told to use.

import Engine
import FoundationEssentials
import Glibc
import Kernels

extension MachineOptions {
  /// Kernels of the widest instruction set, or of the one in `PTRAIN_ISA`.
  func engineConfiguration() throws -> EngineConfiguration {
    let cpuCount = max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))))
    return EngineConfiguration(
      kernels: try KernelChoice.select(environment: ProcessInfo.processInfo.environment),
      threadCount: threads ?? cpuCount, cpuCount: cpuCount)
  }
}
