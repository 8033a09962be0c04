// Which task a worker runs next: those of its own range first, then what others have left, its own
// node's workers before the rest. Ranges are the same in every phase and step, so that a shard's data
// stays in the caches (and on the node) of the worker that made it, until someone falls behind.

import Synchronization

/// The tasks of the current phase, cut into one contiguous range for each worker.
///
/// A claim is one addition to the range's word; nobody waits for anybody.
final class TaskClaims: @unchecked Sendable {
  private let workerCount: Int
  private let map: NodeMap
  /// Workers of each worker's node.
  private let neighbors: UnsafeMutablePointer<Range<Int>>
  /// One on each pair of cache lines.
  private let words: UnsafeMutablePointer<Atomic<UInt64>>
  /// First task of each worker and the end; written between phases.
  private let firsts: UnsafeMutablePointer<Int>
  private var generation: UInt64 = 0

  private static let stride = 16

  /// - Parameter nodes: home node of each worker, `0..<nodeCount`, in order.
  init(nodes: [Int]) {
    let workerCount = nodes.count
    self.workerCount = workerCount
    map = NodeMap(nodes: Array(0..<workerCount))
    neighbors = .allocate(capacity: workerCount)
    words = .allocate(capacity: workerCount * Self.stride)
    for (worker, node) in nodes.enumerated() {
      let first = nodes.firstIndex(of: node)!
      (neighbors + worker).initialize(to: first..<nodes.lastIndex(of: node)! + 1)
      (words + worker * Self.stride).initialize(to: Atomic(0))
    }
    firsts = .allocate(capacity: workerCount + 1)
    firsts.initialize(repeating: 0, count: workerCount + 1)
  }

  deinit {
    for worker in 0..<workerCount { (words + worker * Self.stride).deinitialize(count: 1) }
    words.deallocate()
    neighbors.deallocate()
    firsts.deallocate()
  }

  /// Opens a phase; no claim may be open.
  func publish(_ taskCount: Int) {
    generation &+= 1
    for worker in 0...workerCount { firsts[worker] = map.first(of: worker, count: taskCount) }
    for worker in 0..<workerCount {
      let count = firsts[worker + 1] - firsts[worker]
      // The word of an empty range is spent since an earlier phase: others may have it in their caches.
      if count == 0 { continue }
      let word = ClaimWord(generation: generation, count: count)
      words[worker * Self.stride].store(word.value, ordering: .sequentiallyConsistent)
    }
  }

  /// A task that no other worker has, or nil where none is left.
  @inline(__always)
  func claim(as worker: Int) -> Int? {
    if let task = claim(from: worker) { return task }
    let near = neighbors[worker]
    var victim = worker + 1
    for _ in 1..<near.count {
      if victim == near.upperBound { victim = near.lowerBound }
      if let task = claim(from: victim) { return task }
      victim += 1
    }
    victim = near.upperBound
    for _ in near.count..<workerCount {
      if victim == workerCount { victim = 0 }
      if let task = claim(from: victim) { return task }
      victim += 1
    }
    return nil
  }

  /// Whether some task is unclaimed.
  var hasTask: Bool {
    (0..<workerCount).contains {
      ClaimWord(value: words[$0 * Self.stride].load(ordering: .sequentiallyConsistent)).hasTask
    }
  }

  @inline(__always)
  private func claim(from owner: Int) -> Int? {
    let word = words + owner * Self.stride
    guard ClaimWord(value: word.pointee.load(ordering: .relaxed)).hasTask else { return nil }
    let claim = ClaimWord(
      value: word.pointee.wrappingAdd(1, ordering: .acquiringAndReleasing).oldValue)
    return claim.hasTask ? firsts[owner] + claim.next : nil
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
