// The machine as this process may use it: nodes, CPUs, cores, affinity, quota.
// Threads and memory are placed by it; it is read once from a root that tests can replace.

/// NUMA nodes and CPUs, and which of them this process got.
package struct Topology: Equatable, Sendable {
  /// A NUMA node; it may lack CPUs or memory.
  package struct Node: Equatable, Sendable {
    /// The system's number; numbers may have gaps.
    package let id: Int
    /// Online CPUs of this node.
    package let cpus: CPUSet
    /// Whether this process may allocate memory on it.
    package let hasMemory: Bool
    /// Relative cost of access to each node's memory by node number; 10 is local.
    package let distances: [Int: Int]
  }

  /// By ascending number; at least one.
  package let nodes: [Node]
  /// CPUs that are switched on.
  package let online: CPUSet
  /// Online CPUs of the process's affinity mask; at least one.
  package let allowed: CPUSet
  /// Allowed CPUs of each physical core, ascending; more than one a core are SMT siblings.
  package let cores: [CPUSet]
  /// CPU time that control groups allow, in CPUs; nil without a limit.
  package let quota: Double?

  /// Workers that use what the process may use: one for each physical core with an allowed CPU
  /// (SMT siblings share the arithmetic units that training saturates), but no more than the
  /// quota rounded to the nearest whole number, and at least 1.
  ///
  /// A worker beyond the quota would stop all others at the next barrier once the quota is spent;
  /// below half a CPU too many, the time it adds is worth more than those stops.
  package var defaultThreadCount: Int {
    let quotaCount = quota.map { Int(min($0, Double(CPUSet.limit)).rounded()) } ?? cores.count
    return max(1, min(cores.count, quotaCount))
  }

  /// The node that a CPU belongs to.
  package func node(ofCPU cpu: Int) -> Node? { nodes.first { $0.cpus.contains(cpu) } }

  /// The nearest node with memory as seen from `node`: itself if it has some.
  package func memoryNode(nearest node: Node) -> Node? {
    let candidates = nodes.filter(\.hasMemory)
    if node.hasMemory { return node }
    return candidates.min { node.distance(to: $0) < node.distance(to: $1) }
  }
}

extension Topology.Node {
  /// The system's number, or its defaults for a local and a remote node.
  func distance(to other: Topology.Node) -> Int {
    distances[other.id] ?? (id == other.id ? 10 : 20)
  }
}
