// Which task a worker runs next: those of its own range first, then what others have left, its own
// node's workers before the rest, and at last what belongs to nobody. Ranges are the same in every phase and
// step, so that a shard's data stays in the caches (and on the node) of the worker that made it, until someone
// falls behind.

import Synchronization

/// The tasks of the current phase, cut into one contiguous range for each worker, with a last range behind
/// them for whoever finds no other task.
///
/// Where workers are more than the CPUs, there are as many ranges as CPUs: those that are awake go on
/// where others were. A claim is one addition to the range's word; nobody waits for anybody.
final class TaskClaims: @unchecked Sendable {
  private let rangeCount: Int
  private let map: NodeMap
  /// Range of each worker.
  private let homes: UnsafeMutablePointer<Int>
  /// Ranges of each range's node.
  private let neighbors: UnsafeMutablePointer<Range<Int>>
  /// One on each pair of cache lines; the last range's stands last.
  private let words: UnsafeMutablePointer<Atomic<UInt64>>
  /// First task of each range, the last one's among them; written between phases.
  private let firsts: UnsafeMutablePointer<Int>
  private var generation: UInt64 = 0

  private static let stride = 16

  /// - Parameters:
  ///   - nodes: home node of each worker, `0..<nodeCount`.
  ///   - cpuCount: CPUs that the workers have.
  init(nodes: [Int], cpuCount: Int = .max) {
    let isCrowded = cpuCount < nodes.count && nodes.allSatisfy { $0 == 0 }
    let rangeCount = isCrowded ? max(cpuCount, 1) : nodes.count
    self.rangeCount = rangeCount
    map = NodeMap(nodes: Array(0..<rangeCount))
    homes = .allocate(capacity: nodes.count)
    for worker in nodes.indices {
      // The leader is always awake and has its own.
      let shared = rangeCount > 1 && worker > 0 ? 1 + (worker - 1) % (rangeCount - 1) : 0
      (homes + worker).initialize(to: isCrowded ? shared : worker)
    }
    neighbors = .allocate(capacity: rangeCount)
    words = .allocate(capacity: (rangeCount + 1) * Self.stride)
    for range in 0...rangeCount { (words + range * Self.stride).initialize(to: Atomic(0)) }
    for (range, node) in nodes.prefix(rangeCount).enumerated() {
      let near =
        isCrowded ? 0..<rangeCount : nodes.firstIndex(of: node)!..<nodes.lastIndex(of: node)! + 1
      (neighbors + range).initialize(to: near)
    }
    firsts = .allocate(capacity: rangeCount + 1)
    firsts.initialize(repeating: 0, count: rangeCount + 1)
  }

  deinit {
    for range in 0...rangeCount { (words + range * Self.stride).deinitialize(count: 1) }
    words.deallocate()
    homes.deallocate()
    neighbors.deallocate()
    firsts.deallocate()
  }

  /// Opens a phase of `taskCount` tasks and `lastCount` ones behind them; no claim may be open.
  func publish(_ taskCount: Int, lastCount: Int = 0) {
    generation &+= 1
    for range in 0...rangeCount { firsts[range] = map.first(of: range, count: taskCount) }
    for range in 0...rangeCount {
      let count = range == rangeCount ? lastCount : firsts[range + 1] - firsts[range]
      // The word of an empty range is spent since an earlier phase: others may have it in their caches.
      if count == 0 { continue }
      let word = ClaimWord(generation: generation, count: count)
      words[range * Self.stride].store(word.value, ordering: .sequentiallyConsistent)
    }
  }

  /// A task that no other worker has, or nil where none is left.
  @inline(__always)
  func claim(as worker: Int) -> Int? {
    let home = homes[worker]
    if let task = claim(from: home) { return task }
    let near = neighbors[home]
    var range = home + 1
    for _ in 1..<near.count {
      if range == near.upperBound { range = near.lowerBound }
      if let task = claim(from: range) { return task }
      range += 1
    }
    range = near.upperBound
    for _ in near.count..<rangeCount {
      if range == rangeCount { range = 0 }
      if let task = claim(from: range) { return task }
      range += 1
    }
    return claim(from: rangeCount)
  }

  /// Whether some task is unclaimed.
  var hasTask: Bool {
    (0...rangeCount).contains {
      ClaimWord(value: words[$0 * Self.stride].load(ordering: .sequentiallyConsistent)).hasTask
    }
  }

  @inline(__always)
  private func claim(from range: Int) -> Int? {
    let word = words + range * Self.stride
    guard ClaimWord(value: word.pointee.load(ordering: .relaxed)).hasTask else { return nil }
    let claim = ClaimWord(
      value: word.pointee.wrappingAdd(1, ordering: .acquiringAndReleasing).oldValue)
    return claim.hasTask ? firsts[range] + claim.next : nil
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
