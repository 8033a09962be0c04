// How other threads reach into a run: they ask, and the run answers between two steps.

import Dispatch
import Glibc
import PTrainEngine
import Synchronization

/// Requests to a run, from any thread.
final class RunControl: Sendable {
  /// How a run is to end before its time.
  enum End: Sendable {
    /// With the model as it stands.
    case stop
    case cancel
  }

  private struct State {
    var end: End?
    /// Nil while no run goes on.
    var thread: pthread_t?
    var waiting: [Request] = []
  }

  private final class Request: Sendable {
    let answered = DispatchSemaphore(value: 0)
    let snapshot = Mutex<TrainingSnapshot?>(nil)
  }

  private let state = Mutex(State())

  var end: End? { state.withLock { $0.end } }

  var isRunning: Bool { state.withLock { $0.thread != nil } }

  func ask(_ end: End) { state.withLock { $0.end = end } }

  /// Runs `body` as the run; `snapshot` is read by its thread alone.
  func run<Result>(
    answeringWith snapshot: () -> TrainingSnapshot, _ body: () throws -> Result
  ) rethrows -> Result {
    state.withLock {
      precondition($0.thread == nil, "a trainer runs once at a time")
      $0.thread = pthread_self()
    }
    defer {
      let waiting = state.withLock { state in
        state.thread = nil
        defer { state.waiting = [] }
        return state.waiting
      }
      answer(waiting, snapshot)
    }
    return try body()
  }

  /// Between two steps, on the run's thread.
  func answer(_ snapshot: () -> TrainingSnapshot) {
    let waiting = state.withLock { state in
      defer { state.waiting = [] }
      return state.waiting
    }
    answer(waiting, snapshot)
  }

  private func answer(_ requests: [Request], _ snapshot: () -> TrainingSnapshot) {
    guard !requests.isEmpty else { return }
    let snapshot = snapshot()
    for request in requests {
      request.snapshot.withLock { $0 = snapshot }
      request.answered.signal()
    }
  }

  /// The run between two steps: at once on its own thread or where none goes on, else when the step is
  /// done.
  func snapshot(_ snapshot: () -> TrainingSnapshot) -> TrainingSnapshot {
    let request = Request()
    let isAnotherThread = state.withLock { state in
      guard let thread = state.thread, pthread_equal(thread, pthread_self()) == 0 else {
        return false
      }
      state.waiting.append(request)
      return true
    }
    guard isAnotherThread else { return snapshot() }
    request.answered.wait()
    return request.snapshot.withLock { $0! }
  }
}
