// Where workers run and which node their memory lies on.
// Nothing here changes a result; what the system refuses costs speed and one warning.

import PTrainDiagnostics
import PTrainMemory
import Synchronization

/// Places of a pool's workers; nodes in use are counted from 0.
package protocol WorkerBinding: Sendable {
  var nodeCount: Int { get }

  /// Home node of a worker.
  func node(of worker: Int) -> Int

  /// The system's number of the node that holds a node's memory; nil leaves pages to whoever touches
  /// them first.
  func memoryNode(of node: Int) -> Int?

  /// Runs `body` on the calling thread as that worker's; the thread is free again afterwards.
  func run(as worker: Int, _ body: () -> Void)

  /// Takes note that memory could not be bound.
  func report(_ reason: String)
}

/// Workers that the system places as it likes.
package struct Unbound: WorkerBinding {
  package let nodeCount = 1

  package init() {}
  package func node(of worker: Int) -> Int { 0 }
  package func memoryNode(of node: Int) -> Int? { nil }
  package func run(as worker: Int, _ body: () -> Void) { body() }
  package func report(_ reason: String) {}
}

/// Workers on the CPUs and nodes of a topology.
package final class TopologyBinding: WorkerBinding {
  package let placements: [WorkerPlacement]
  private let nodes: [Int]
  private let memoryNodes: [Int?]
  private let hasWarned = Atomic<Bool>(false)
  private let warn: @Sendable (String) -> Void

  /// `warn` is called at most once, on any thread.
  package init(
    _ topology: Topology, workerCount: Int, warn: @escaping @Sendable (String) -> Void
  ) {
    placements = topology.placements(workerCount: workerCount)
    // Workers are ordered by node.
    var nodes: [Int] = []
    var memoryNodes: [Int?] = []
    for (index, placement) in placements.enumerated() {
      if index == 0 || placement.node != placements[index - 1].node {
        memoryNodes.append(placement.memoryNode)
      }
      nodes.append(memoryNodes.count - 1)
    }
    self.nodes = nodes
    self.memoryNodes = memoryNodes
    self.warn = warn
  }

  package var nodeCount: Int { memoryNodes.count }

  package func node(of worker: Int) -> Int { nodes[worker] }

  package func memoryNode(of node: Int) -> Int? { memoryNodes[node] }

  package func run(as worker: Int, _ body: () -> Void) {
    let before = bind(worker)
    body()
    // The leader's thread goes on to other work.
    if let before { try? ThreadAffinity.bind(to: before) }
  }

  package func report(_ reason: String) {
    guard !hasWarned.exchange(true, ordering: .relaxed) else { return }
    warn("\(reason); going on without (--numa off does not try)")
  }

  /// Returns the CPUs that the thread was allowed before, if it is bound now.
  private func bind(_ worker: Int) -> CPUSet? {
    guard let cpus = placements[worker].cpus else { return nil }
    let before = ThreadAffinity.current()
    guard cpus != before else { return nil }
    do {
      try ThreadAffinity.bind(to: cpus)
      return before
    } catch {
      report(error.message)
      return nil
    }
  }
}
