// Fork-join over persistent workers: a phase is a number of tasks that workers claim dynamically.
// A worker that is descheduled delays the others by its own task at most, never by its absence.

import Dispatch
import PTrainCLibrary
import PTrainDiagnostics
import PTrainMemory
import Synchronization

/// Workers that run phases together; the leader is worker 0.
///
/// The leader is the thread that calls `lead`, and the one that made the pool while none does; each
/// other worker is a thread from the first `lead` to `stop`. A worker that the system refuses costs
/// speed alone: the others claim its tasks. Waiting workers spin, then sleep; a phase keeps
/// no more of them awake than there are CPUs, so that more workers than CPUs cost no storm of context
/// switches. Tasks may run on any worker and must not depend on which.
package final class WorkerPool: @unchecked Sendable {
  package typealias Body = (_ worker: Int, _ task: Int) -> Void
  typealias ThreadStarter =
    (@escaping @Sendable () -> Void) throws(SystemThread.Refusal) -> SystemThread

  package let workerCount: Int
  /// Most workers beside the leader that a phase keeps awake.
  private let awakeLimit: Int
  private let spinNanoseconds: UInt64
  private let binding: any WorkerBinding
  private let startThread: ThreadStarter
  private let warn: @Sendable (String) -> Void
  /// That of the thread which made the pool.
  private let niceness = ThreadNiceness.current
  private var threads: [SystemThread] = []
  private var hasStarted = false
  private let claims: TaskClaims
  private let isStopping = Atomic<Bool>(false)
  private let words = PoolWords()
  private let isLed = Atomic<Bool>(false)
  private var leader = pthread_self()
  private var isRunning = false
  private var body: Body = { _, _ in }
  /// Told by the worker that has claimed one of so many tasks of its own or another's, before it runs it; set
  /// between phases.
  var observeClaim: ((_ worker: Int, _ taskCount: Int) -> Void)?
  /// Runs phases in the pool's place; set between phases.
  var runPhase: ((_ taskCount: Int, _ lastCount: Int, _ body: Body) -> Void)?
  private var ownedCount = 0
  /// How long the leader waited for others at the end of the last phase.
  private(set) var waitNanoseconds: UInt64 = 0

  /// - Parameters:
  ///   - workerCount: workers, at least 1.
  ///   - cpuCount: CPUs that this process may use; bounds the workers that a phase keeps awake.
  ///   - binding: where workers run and which tasks they prefer.
  ///   - warn: told once how many workers there are, where the system refuses some.
  package convenience init(
    workerCount: Int, cpuCount: Int, binding: any WorkerBinding = Unbound(),
    warn: @escaping @Sendable (String) -> Void = { _ in }
  ) {
    self.init(workerCount: workerCount, cpuCount: cpuCount, binding: binding, warn: warn) {
      body throws(SystemThread.Refusal) in try SystemThread(body)
    }
  }

  init(
    workerCount: Int, cpuCount: Int, binding: any WorkerBinding,
    warn: @escaping @Sendable (String) -> Void, startThread: @escaping ThreadStarter
  ) {
    precondition(workerCount >= 1)
    self.workerCount = workerCount
    self.binding = binding
    self.warn = warn
    self.startThread = startThread
    claims = TaskClaims(nodes: (0..<workerCount).map(binding.node), cpuCount: cpuCount)
    let isOversubscribed = workerCount > cpuCount
    awakeLimit = min(workerCount, cpuCount) - 1
    // Others may want the CPU; between two phases of a small network pass some microseconds.
    spinNanoseconds = isOversubscribed ? 20_000 : 500_000
  }

  /// Workers that there are: fewer than `workerCount` before the first `lead`, or where the system
  /// has refused some.
  package var activeCount: Int { 1 + threads.count }

  /// Ends the workers; the pool cannot be used afterwards.
  package func stop() {
    isStopping.store(true, ordering: .sequentiallyConsistent)
    words.publish(awakeCount: threads.count, of: threads.count)
    for thread in threads { thread.join() }
    threads = []
  }

  /// Runs `work` on the calling thread as worker 0, bound to where that belongs; one at a time.
  package func lead<Result>(_ work: () throws -> Result) throws -> Result {
    precondition(!isLed.exchange(true, ordering: .acquiringAndReleasing), "a pool has one leader")
    let before = leader
    leader = pthread_self()
    defer {
      leader = before
      isLed.store(false, ordering: .releasing)
    }
    start()
    var result: Result?
    var failure: (any Error)?
    run(as: 0) {
      do { result = try work() } catch { failure = error }
    }
    if let failure { throw failure }
    return result!
  }

  /// Address space that workers leave to everything else, checkpoints among it.
  private static let reservedByteCount = 384 << 20

  /// Starts the other workers, the first time, as far as the system has room for them.
  private func start() {
    guard !hasStarted else { return }
    hasStarted = true
    let reserve = AddressSpaceReserve(byteCount: Self.reservedByteCount)
    startWorkers()
    reserve.release()
  }

  private func startWorkers() {
    for worker in 1..<max(workerCount, 1) {
      do throws(SystemThread.Refusal) {
        threads.append(
          try startThread { [self] in
            run(as: worker) { follow(as: worker) }
          })
      } catch {
        return warn(
          "\(activeCount) of \(workerCount) workers could be started "
            + "(\(systemReason(error.code))); going on with those")
      }
    }
  }

  /// Traps unless the calling thread is the leader.
  @inline(__always)
  func assertLeads() {
    precondition(pthread_equal(leader, pthread_self()) != 0, "called by another than the leader")
  }

  /// Makes the calling thread a worker's, for the time of `body`.
  private func run(as worker: Int, _ body: () -> Void) {
    ThreadNiceness.with(niceness) { binding.run(as: worker, body) }
  }

  /// Runs `body` once for each task in `0..<taskCount` and returns when all are done; traps unless
  /// the leader calls it, between two phases. The tasks' writes are visible to the leader and to the
  /// next phase.
  package func run(_ taskCount: Int, _ body: @escaping Body) { run(taskCount, then: 0, body) }

  /// The same with `lastCount` tasks behind the `ownedCount` that workers have ranges of; whoever finds none
  /// else takes them.
  func run(_ ownedCount: Int, then lastCount: Int, _ body: @escaping Body) {
    assertLeads()
    precondition(!isRunning, "a phase within a phase")
    isRunning = true
    defer { isRunning = false }
    waitNanoseconds = 0
    let taskCount = ownedCount + lastCount
    guard taskCount > 0 else { return }
    if let runPhase { return runPhase(ownedCount, lastCount, body) }
    guard workerCount > 1, taskCount > 1 else {
      for task in 0..<taskCount { body(0, task) }
      return
    }
    self.body = body
    self.ownedCount = ownedCount
    words.beginPhase()
    claims.publish(ownedCount, lastCount: lastCount)
    words.publish(awakeCount: min(awakeLimit, taskCount - 1), of: threads.count)
    while claimAndRun(as: 0) {}
    let start = DispatchTime.now().uptimeNanoseconds
    words.waitUntilCompleted(taskCount, Spin(nanoseconds: spinNanoseconds))
    waitNanoseconds = DispatchTime.now().uptimeNanoseconds - start
  }

  private func follow(as worker: Int) {
    var spin = Spin(nanoseconds: spinNanoseconds)
    while !isStopping.load(ordering: .relaxed) {
      if !claimAndRun(as: worker) {
        if spin.turn() { continue }
        park()
      }
      spin = Spin(nanoseconds: spinNanoseconds)
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
    if task < ownedCount { observeClaim?(worker, ownedCount) }
    body(worker, task)
    words.completeTask()
    return true
  }
}
