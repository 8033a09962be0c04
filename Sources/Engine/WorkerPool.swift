// Fork-join over persistent workers: a phase is a number of tasks that workers claim dynamically.
// A worker that is descheduled delays the others by its own task at most, never by its absence.

import CShims
import Dispatch
import Memory
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
  private let binding: any WorkerBinding
  /// That of the thread which made the pool.
  private let niceness = ThreadNiceness.current
  private let queues: [DispatchQueue]
  private let workersDone = DispatchGroup()
  private let claims: TaskClaims
  private let isStopping = Atomic<Bool>(false)
  private let words = PoolWords()
  private var body: Body = { _, _ in }
  /// How long the leader waited for others at the end of the last phase.
  private(set) var waitNanoseconds: UInt64 = 0

  /// - Parameters:
  ///   - workerCount: workers, at least 1.
  ///   - cpuCount: CPUs that this process may use; bounds the workers that a phase wakes.
  ///   - binding: where workers run and which tasks they prefer.
  package init(
    workerCount: Int, cpuCount: Int, binding: any WorkerBinding = Unbound()
  ) {
    precondition(workerCount >= 1)
    self.workerCount = workerCount
    self.binding = binding
    claims = TaskClaims(nodes: (0..<workerCount).map(binding.node), cpuCount: cpuCount)
    let isOversubscribed = workerCount > cpuCount
    wakeLimit = isOversubscribed ? max(cpuCount - 1, 1) : workerCount - 1
    spinLimit = isOversubscribed ? 50 : 20_000
    queues = (0..<workerCount).map { DispatchQueue(label: "ptrain.worker.\($0)") }
    for worker in 1..<max(workerCount, 1) {
      queues[worker].async(group: workersDone) { [self] in
        run(as: worker) { follow(as: worker) }
      }
    }
  }

  /// Ends the workers; the pool cannot be used afterwards.
  package func stop() {
    isStopping.store(true, ordering: .sequentiallyConsistent)
    words.publish(wakeLimit: workerCount)
    workersDone.wait()
  }

  /// Runs `work` on worker 0, where that is bound to, and waits for it.
  package func lead<Result>(_ work: @escaping () throws -> Result) throws -> Result {
    nonisolated(unsafe) let work = work
    nonisolated(unsafe) var outcome: Swift.Result<Result, any Error>?
    let done = DispatchSemaphore(value: 0)
    queues[0].async { [self] in
      run(as: 0) { outcome = Swift.Result { try work() } }
      done.signal()
    }
    done.wait()
    return try outcome!.get()
  }

  /// Makes the calling thread a worker's, for the time of `body`.
  private func run(as worker: Int, _ body: () -> Void) {
    ThreadNiceness.with(niceness) { binding.run(as: worker, body) }
  }

  /// Runs `body` once for each task in `0..<taskCount` and returns when all are done; called by the
  /// leader only. The tasks' writes are visible to the leader and to the next phase.
  package func run(_ taskCount: Int, _ body: @escaping Body) {
    waitNanoseconds = 0
    guard taskCount > 0 else { return }
    guard workerCount > 1, taskCount > 1 else {
      for task in 0..<taskCount { body(0, task) }
      return
    }
    self.body = body
    words.beginPhase()
    claims.publish(taskCount)
    words.publish(wakeLimit: min(wakeLimit, taskCount - 1))
    while claimAndRun(as: 0) {}
    let start = DispatchTime.now().uptimeNanoseconds
    words.waitUntilCompleted(taskCount, spinLimit: spinLimit)
    waitNanoseconds = DispatchTime.now().uptimeNanoseconds - start
  }

  private func follow(as worker: Int) {
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
        && !claims.hasTask
    }
  }

  /// Claims one task and runs it; false when none is left.
  @inline(__always)
  private func claimAndRun(as worker: Int) -> Bool {
    guard let task = claims.claim(as: worker) else { return false }
    // A valid claim keeps its phase open, so `body` is that phase's.
    body(worker, task)
    words.completeTask()
    return true
  }
}
