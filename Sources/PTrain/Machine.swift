// What of the computer a run or a predictor uses.

import FoundationEssentials
import PTrainDiagnostics
import PTrainEngine
import PTrainKernels
import PTrainMemory

/// Threads and their places. No result depends on any of it: the bits are the same everywhere.
public struct Machine: Sendable {
  /// Worker threads; nil: one for each physical core that this process may use, within its CPU quota.
  public var threadCount: Int?
  /// Whether workers are bound to CPUs, and their memory to their NUMA node.
  public var bindsToNodes: Bool
  /// Told, on any thread, what the system refuses and the work goes on without: some of the threads, say.
  public var warn: @Sendable (String) -> Void

  public init(
    threadCount: Int? = nil, bindsToNodes: Bool = true,
    warn: @escaping @Sendable (String) -> Void = { _ in }
  ) {
    (self.threadCount, self.bindsToNodes, self.warn) = (threadCount, bindsToNodes, warn)
  }

  /// All physical cores.
  public static let automatic = Machine()

  /// Most threads.
  public static let threadLimit = 1024

  /// Kernels of the widest instruction set, or of the one that `PTRAIN_ISA` names.
  ///
  /// Throws `.usage` for a number of threads out of range or an instruction set that is not there.
  func configuration() throws -> EngineConfiguration {
    if let threadCount, !(1...Self.threadLimit).contains(threadCount) {
      throw Failure(.usage, "\(threadCount) threads: expected 1 to \(Self.threadLimit)")
    }
    return EngineConfiguration(
      kernels: try KernelChoice.select(environment: ProcessInfo.processInfo.environment),
      topology: Topology.read(), threadCount: threadCount, bindsToNodes: bindsToNodes, warn: warn)
  }
}
