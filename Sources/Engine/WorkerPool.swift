// Fork-join over persistent workers: a phase is a number of tasks that workers claim dynamically.
// A worker that is descheduled delays the others by its own task at most, never by its absence.

import CShims
import Dispatch
import Synchronization

/// Workers that run phases together; the leader is worker 0.
///
/// Each worker is one long block on a private serial `DispatchQueue`. Waiting workers spin, then park
/// on a futex; a phase wakes no more of them than there are CPUs, so that more workers than CPUs cost
/// no storm of context switches. Tasks may run on any worker and must not depend on which.
package final class WorkerPool: @unchecked Sendable {
  package typealias Body = (_ worker: Int, _ task: Int) -> Void

  package let workerCount: Int
  private let wakeLimit: Int
  private let spinLimit: Int
  private let onEntry: @Sendable (_ worker: Int) -> Void
  private let queues: [DispatchQueue]
  private let workersDone = DispatchGroup()
  /// Generation, task count and next task of the current phase in one word: a claim is one addition.
  private let claims = Atomic<UInt64>(0)
  private let isStopping = Atomic<Bool>(false)
  private let words = PoolWords()
  private var generation: UInt64 = 0
  private var body: Body = { _, _ in }

  /// - Parameters:
  ///   - workerCount: workers, at least 1.
  ///   - cpuCount: CPUs that this process may use; bounds the workers that a phase wakes.
  ///   - onEntry: called once on each worker's thread, for pinning.
  package init(
    workerCount: Int, cpuCount: Int, onEntry: @escaping @Sendable (_ worker: Int) -> Void = { _ in }
  ) {
    precondition(workerCount >= 1)
    self.workerCount = workerCount
    self.onEntry = onEntry
    let isOversubscribed = workerCount > cpuCount
    wakeLimit = isOversubscribed ? max(cpuCount - 1, 1) : workerCount - 1
    spinLimit = isOversubscribed ? 50 : 20_000
    queues = (0..<workerCount).map { DispatchQueue(label: "ptrain.worker.\($0)") }
    for worker in 1..<max(workerCount, 1) {
      queues[worker].async(group: workersDone) { [self] in follow(as: worker) }
    }
  }

  /// Ends the workers; the pool cannot be used afterwards.
  package func stop() {
    isStopping.store(true, ordering: .sequentiallyConsistent)
    words.publish(wakeLimit: workerCount)
    workersDone.wait()
  }

  /// Runs `work` on worker 0, whose thread `onEntry` has prepared, and waits for it.
  package func lead<Result>(_ work: @escaping () throws -> Result) throws -> Result {
    nonisolated(unsafe) let work = work
    nonisolated(unsafe) var outcome: Swift.Result<Result, any Error>?
    let done = DispatchSemaphore(value: 0)
    queues[0].async { [onEntry] in
      onEntry(0)
      outcome = Swift.Result { try work() }
      done.signal()
    }
    done.wait()
    return try outcome!.get()
  }

  /// Runs `body` once for each task in `0..<taskCount` and returns when all are done; called by the
  /// leader only. The tasks' writes are visible to the leader and to the next phase.
  package func run(_ taskCount: Int, _ body: @escaping Body) {
    guard taskCount > 0 else { return }
    guard workerCount > 1, taskCount > 1 else {
      for task in 0..<taskCount { body(0, task) }
      return
    }
    self.body = body
    generation &+= 1
    words.beginPhase()
    claims.store(
      ClaimWord(generation: generation, count: taskCount).value,
      ordering: .sequentiallyConsistent)
    words.publish(wakeLimit: min(wakeLimit, taskCount - 1))
    while claimAndRun(as: 0) {}
    words.waitUntilCompleted(taskCount, spinLimit: spinLimit)
  }

  private func follow(as worker: Int) {
    onEntry(worker)
    var idleTurns = 0
    while !isStopping.load(ordering: .relaxed) {
      if claimAndRun(as: worker) {
        idleTurns = 0
      } else if idleTurns < spinLimit {
        idleTurns += 1
        ptrain_pause()
      } else {
        park()
        idleTurns = 0
      }
    }
  }

  private func park() {
    words.park { [self] in
      !isStopping.load(ordering: .sequentiallyConsistent)
        && !ClaimWord(value: claims.load(ordering: .sequentiallyConsistent)).hasTask
    }
  }

  /// Claims one task and runs it; false when none is left.
  @inline(__always)
  private func claimAndRun(as worker: Int) -> Bool {
    guard ClaimWord(value: claims.load(ordering: .relaxed)).hasTask else { return false }
    let claim = ClaimWord(value: claims.wrappingAdd(1, ordering: .acquiringAndReleasing).oldValue)
    guard claim.hasTask else { return false }
    // A valid claim keeps its phase open, so `body` is that phase's.
    body(worker, claim.next)
    words.completeTask()
    return true
  }
}

/// Fields of the claim word: generation (24 bits), task count (20), next task (20).
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
