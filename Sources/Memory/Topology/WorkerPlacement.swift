// Where each worker runs and which node holds its memory.
// A value, so that it can be shown before anything is bound, and tested without such a machine.

/// The place of one worker.
package struct WorkerPlacement: Equatable, Sendable {
  /// CPUs to bind the thread to; nil leaves it unbound.
  package let cpus: CPUSet?
  /// NUMA node of these CPUs; nil if unbound.
  package let node: Int?
  /// Node for the worker's buffers; nil where there is no choice to make.
  package let memoryNode: Int?

  /// A worker that the scheduler moves as it likes.
  package static let unbound = WorkerPlacement(cpus: nil, node: nil, memoryNode: nil)
}

extension Topology {
  /// Places `workerCount` workers, ordered by node.
  ///
  /// They spread over the nodes in proportion to the allowed physical cores there. If there is
  /// one for each allowed core, each gets a core of its own; up to the number of allowed CPUs the
  /// SMT siblings follow. Otherwise a worker may use all allowed CPUs of its node: fixed CPUs
  /// would collide with another process (or rank) that made the same choice, and more workers
  /// than CPUs are better shared out by the scheduler.
  package func placements(workerCount: Int) -> [WorkerPlacement] {
    precondition(workerCount > 0)
    let places = nodes.compactMap { NodePlaces($0, cores: cores) }
    guard !places.isEmpty else {
      return Array(repeating: .unbound, count: workerCount)
    }
    let counts = Self.share(workerCount, over: places)
    let coreCount = places.reduce(0) { $0 + $1.cores.count }
    let cpuCount = places.reduce(0) { $0 + $1.cpuOrder.count }
    let isExact = workerCount == coreCount || workerCount == cpuCount
    return zip(places, counts).flatMap { place, count in
      (0..<count).map { index in
        WorkerPlacement(
          cpus: isExact ? CPUSet([place.cpuOrder[index]]) : place.cpus, node: place.node.id,
          memoryNode: hasMemoryChoice ? memoryNode(nearest: place.node)?.id : nil)
      }
    }
  }

  private var hasMemoryChoice: Bool { nodes.count { $0.hasMemory } > 1 }

  /// Workers of each node: the next goes where the fewest would stand on a core; once every core
  /// has its worker, on a CPU.
  private static func share(_ workerCount: Int, over places: [NodePlaces]) -> [Int] {
    var counts = [Int](repeating: 0, count: places.count)
    let coreCount = places.reduce(0) { $0 + $1.cores.count }
    for worker in 0..<workerCount {
      let load = { (index: Int) -> Double in
        let place = places[index]
        let capacity = worker < coreCount ? place.cores.count : place.cpuOrder.count
        return Double(counts[index] + 1) / Double(capacity)
      }
      let next = places.indices.min { load($0) < load($1) }!
      counts[next] += 1
    }
    return counts
  }
}

/// What a node offers to this process.
private struct NodePlaces {
  let node: Topology.Node
  let cores: [CPUSet]
  let cpus: CPUSet
  /// The first CPU of each core, then the second of each, and so on.
  let cpuOrder: [Int]

  /// Nil if the process may use no CPU of the node.
  init?(_ node: Topology.Node, cores: [CPUSet]) {
    self.node = node
    self.cores = cores.map { $0.intersection(node.cpus) }.filter { !$0.isEmpty }
    guard !self.cores.isEmpty else { return nil }
    let cores = self.cores.map(Array.init)
    let depth = cores.map(\.count).max() ?? 0
    cpuOrder = (0..<depth).flatMap { level in
      cores.compactMap { level < $0.count ? $0[level] : nil }
    }
    cpus = CPUSet(cpuOrder)
  }
}
