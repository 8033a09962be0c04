// Which task a worker runs next: those of its own node first, then what other nodes have left.
// A claim is one addition to one word; with one node there is one word.

import Synchronization

/// The tasks of the current phase, cut into one contiguous range for each node.
final class TaskClaims: @unchecked Sendable {
  private let nodes: [Int]
  private let map: NodeMap
  private var nodeCount: Int { map.nodeCount }
  /// One on each pair of cache lines.
  private let words: UnsafeMutablePointer<Atomic<UInt64>>
  /// First task of each node and the end; written between phases.
  private let firsts: UnsafeMutablePointer<Int>
  private var generation: UInt64 = 0

  private static let stride = 16

  /// - Parameter nodes: home node of each worker, `0..<nodeCount`.
  init(nodes: [Int]) {
    self.nodes = nodes
    map = NodeMap(nodes: nodes)
    let nodeCount = map.nodeCount
    words = .allocate(capacity: nodeCount * Self.stride)
    for node in 0..<nodeCount { (words + node * Self.stride).initialize(to: Atomic(0)) }
    firsts = .allocate(capacity: nodeCount + 1)
    firsts.initialize(repeating: 0, count: nodeCount + 1)
  }

  deinit {
    for node in 0..<nodeCount { (words + node * Self.stride).deinitialize(count: 1) }
    words.deallocate()
    firsts.deallocate()
  }

  /// Opens a phase; no claim may be open.
  func publish(_ taskCount: Int) {
    generation &+= 1
    for node in 0...nodeCount { firsts[node] = map.first(of: node, count: taskCount) }
    for node in 0..<nodeCount {
      let word = ClaimWord(generation: generation, count: firsts[node + 1] - firsts[node])
      words[node * Self.stride].store(word.value, ordering: .sequentiallyConsistent)
    }
  }

  /// A task that no other worker has, or nil where none is left.
  @inline(__always)
  func claim(as worker: Int) -> Int? {
    let home = nodes[worker]
    if let task = claim(from: home) { return task }
    var distance = 1
    while distance < nodeCount {
      if let task = claim(from: (home + distance) % nodeCount) { return task }
      distance += 1
    }
    return nil
  }

  /// Whether some task is unclaimed.
  var hasTask: Bool {
    (0..<nodeCount).contains {
      ClaimWord(value: words[$0 * Self.stride].load(ordering: .sequentiallyConsistent)).hasTask
    }
  }

  @inline(__always)
  private func claim(from node: Int) -> Int? {
    let word = words + node * Self.stride
    guard ClaimWord(value: word.pointee.load(ordering: .relaxed)).hasTask else { return nil }
    let claim = ClaimWord(
      value: word.pointee.wrappingAdd(1, ordering: .acquiringAndReleasing).oldValue)
    return claim.hasTask ? firsts[node] + claim.next : nil
  }
}

/// Fields of a claim word: generation (24 bits), task count (20), next task (20).
private struct ClaimWord {
  var value: UInt64

  init(value: UInt64) { self.value = value }

  init(generation: UInt64, count: Int) {
    precondition(count < 1 << 20)
    value = generation << 40 | UInt64(count) << 20
  }

  var count: Int { Int(value >> 20 & 0xF_FFFF) }
  var next: Int { Int(value & 0xF_FFFF) }
  var hasTask: Bool { next < count }
}
