// Reads a topology from /sys and /proc, whatever of it is there.
// Without NUMA files the machine is one node; without any, the affinity mask is all that is known. Where that
// is not there either, as in a portable build, each processor that Foundation counts is a core.

import PTrainFoundation

extension Topology {
  /// Reads this machine, or the tree below `root`.
  ///
  /// `affinity` replaces the process's own mask; files that are missing or make no sense are
  /// treated as a system without that feature.
  package static func read(root: String = "", affinity: CPUSet? = nil) -> Topology {
    let files = SystemFiles(root: root)
    let mask = affinity ?? ThreadAffinity.process()
    let online = files.onlineCPUs() ?? mask ?? processorCount()
    let usable = mask?.intersection(online) ?? online
    // A mask outside of what the files tell is still what the process runs on.
    let allowed = usable.isEmpty ? mask ?? online : usable
    return Topology(
      nodes: files.nodes(online: online), online: online, allowed: allowed,
      cores: files.cores(of: allowed), quota: files.cpuQuota())
  }

  private static func processorCount() -> CPUSet {
    CPUSet(0..<max(1, ProcessInfo.processInfo.activeProcessorCount))
  }
}

extension SystemFiles {
  private static let cpuDirectory = "sys/devices/system/cpu"
  private static let nodeDirectory = "sys/devices/system/node"

  fileprivate func onlineCPUs() -> CPUSet? {
    cpuList("\(Self.cpuDirectory)/online").flatMap { $0.isEmpty ? nil : $0 }
  }

  fileprivate func nodes(online: CPUSet) -> [Topology.Node] {
    guard let ids = cpuList("\(Self.nodeDirectory)/online"), !ids.isEmpty else {
      return [Topology.Node(id: 0, cpus: online, hasMemory: true, distances: [0: 10])]
    }
    let withMemory = memoryNodes() ?? ids
    return ids.map { id in
      Topology.Node(
        id: id,
        cpus: cpuList("\(Self.nodeDirectory)/node\(id)/cpulist")?.intersection(online) ?? CPUSet(),
        hasMemory: withMemory.contains(id), distances: distances(from: id, to: Array(ids)))
    }
  }

  /// Nodes that have memory and that the process's cpuset lets it use.
  private func memoryNodes() -> CPUSet? {
    let existing = cpuList("\(Self.nodeDirectory)/has_memory")
    let status = text("proc/self/status") ?? ""
    let allowed = status.split(separator: "\n").first { $0.hasPrefix("Mems_allowed_list:") }
      .flatMap { CPUSet(list: $0.dropFirst("Mems_allowed_list:".count)) }
    guard let existing, let allowed else { return existing ?? allowed }
    return existing.intersection(allowed)
  }

  /// The columns of `distance` are the online nodes in order.
  private func distances(from id: Int, to ids: [Int]) -> [Int: Int] {
    let fields = line("\(Self.nodeDirectory)/node\(id)/distance")?.split(separator: " ") ?? []
    let pairs = zip(ids, fields).compactMap { id, field in Int(field).map { (id, $0) } }
    return Dictionary(uniqueKeysWithValues: pairs)
  }

  /// Groups CPUs by the core that executes them; a CPU without that information is its own core.
  fileprivate func cores(of allowed: CPUSet) -> [CPUSet] {
    var cores: [CPUSet] = []
    var seen = CPUSet()
    for cpu in allowed where !seen.contains(cpu) {
      let topology = "\(Self.cpuDirectory)/cpu\(cpu)/topology"
      let siblings =
        cpuList("\(topology)/core_cpus_list") ?? cpuList("\(topology)/thread_siblings_list")
      var core = siblings?.intersection(allowed).subtracting(seen) ?? CPUSet()
      core.insert(cpu)
      seen = seen.union(core)
      cores.append(core)
    }
    return cores
  }
}
