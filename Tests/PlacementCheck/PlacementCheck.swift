// Checks on a machine with several NUMA nodes that pages and workers are where they were asked for.
// Scripts/numa-vm runs it in a virtual machine; without arguments it prints the digest of one node.

import CPTrainShims
import Glibc
import PTrainEngine
import PTrainKernels
import PTrainMemory
import PTrainNetworks

@main enum PlacementCheck {
  private nonisolated(unsafe) static var failureCount = 0

  /// - Usage: `PlacementCheck [nodes digest]`, the latter from a machine with one node.
  static func main() throws {
    let arguments = CommandLine.arguments.dropFirst()
    guard let nodeCount = arguments.first.flatMap({ Int($0) }), let expected = arguments.last else {
      print(try TrainingCheck.digest(binding: Unbound(), threadCount: 1))
      return
    }
    let topology = Topology.read()
    check(topology.nodes.count == nodeCount, "the system has \(topology.nodes.count) nodes")
    let threadCount = topology.defaultThreadCount
    let binding = TopologyBinding(topology, workerCount: threadCount) { reason in
      check(false, "no warning, but: \(reason)")
    }
    check(binding.nodeCount == nodeCount, "\(threadCount) workers on \(binding.nodeCount) nodes")
    try checkBuffers(topology)
    try checkWorkers(topology, binding, threadCount: threadCount)
    try checkSession(binding, threadCount: threadCount)
    try checkDigests(binding, threadCount: threadCount, expected: expected)
    exit(failureCount == 0 ? 0 : 1)
  }

  private static func check(_ condition: Bool, _ text: String) {
    print(condition ? "ok      \(text)" : "FAILED  \(text)")
    if !condition { failureCount += 1 }
  }

  private static func checkBuffers(_ topology: Topology) throws {
    for node in topology.nodes where node.hasMemory {
      for count in [4096, 3 << 20] {
        let buffer = try AlignedBuffer(count: count, node: node.id)
        buffer.elements.update(repeating: 1)
        let nodes = PageNodes.nodes(of: UnsafeRawBufferPointer(buffer.elements)) ?? []
        check(
          !nodes.isEmpty && nodes.allSatisfy { $0 == node.id },
          "\(nodes.count) pages of a buffer on node \(node.id)")
      }
    }
  }

  /// All workers meet in one phase and tell where they run.
  private static func checkWorkers(
    _ topology: Topology, _ binding: TopologyBinding, threadCount: Int
  ) throws {
    let pool = WorkerPool(workerCount: threadCount, cpuCount: threadCount, binding: binding)
    defer { pool.stop() }
    nonisolated(unsafe) var cpus = [Int32](repeating: -1, count: threadCount)
    try pool.lead {
      for _ in 0..<1000 where cpus.contains(-1) {
        pool.run(threadCount) { worker, _ in
          cpus[worker] = ptrain_current_cpu()
          usleep(1000)
        }
      }
    }
    for (worker, cpu) in cpus.enumerated() {
      let place = binding.placements[worker]
      check(
        place.cpus?.contains(Int(cpu)) == true
          && topology.node(ofCPU: Int(cpu))?.id == place.node,
        "worker \(worker) runs on CPU \(cpu) of node \(place.node ?? -1), pinned to \(place.cpus?.description ?? "none")"
      )
    }
  }

  /// Every touched page of a session's buffers lies where it was asked for.
  private static func checkSession(_ binding: TopologyBinding, threadCount: Int) throws {
    let session = try TrainingCheck.session(binding: binding, threadCount: threadCount)
    _ = try TrainingCheck.train(session)
    var pages: [Int: Int] = [:]
    var misplaced = 0
    for assignment in session.memoryAssignments {
      for node in PageNodes.nodes(of: assignment.region) ?? [] {
        pages[assignment.node, default: 0] += 1
        if node != assignment.node { misplaced += 1 }
      }
    }
    // A node without memory has its pages on the nearest one that has some.
    let memoryNodes = Set((0..<binding.nodeCount).map(binding.memoryNode))
    let counts = pages.sorted { $0.key < $1.key }.map { "\($0.value) on node \($0.key)" }
    check(
      misplaced == 0 && pages.count == memoryNodes.count,
      "pages of a session: \(counts.joined(separator: ", ")), \(misplaced) misplaced")
  }

  private static func checkDigests(
    _ binding: TopologyBinding, threadCount: Int, expected: String
  ) throws {
    let bound = try TrainingCheck.digest(binding: binding, threadCount: threadCount)
    check(bound == expected, "digest \(bound) on \(binding.nodeCount) nodes equals that of one")
    let unbound = try TrainingCheck.digest(binding: Unbound(), threadCount: threadCount)
    check(unbound == expected, "digest \(unbound) without binding equals it, too")
  }
}
