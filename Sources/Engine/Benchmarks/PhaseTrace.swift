// What the phases of a step hold: every task's time, and the leader's between them. A model of how more
// workers would share them is made of these.

import Dispatch

/// One phase of a step; seconds.
package struct PhaseTimes: Sendable {
  /// What the leader did alone before it.
  package var leader: Double
  package var tasks: [Double]
}

/// A step on one worker.
package struct StepTrace: Sendable {
  package var phases: [PhaseTimes] = []
  /// What the leader did alone behind the last phase; seconds.
  package var end = 0.0
}

/// Runs phases on the leader alone and times each of their tasks.
final class PhaseRecorder {
  private var trace = StepTrace()
  private var last = DispatchTime.now()

  /// The phases of `step`, which runs them by `run`.
  func record(_ step: () -> Void) -> StepTrace {
    trace = StepTrace()
    last = DispatchTime.now()
    step()
    trace.end = seconds(since: last)
    return trace
  }

  func run(_ taskCount: Int, _ body: WorkerPool.Body) {
    var phase = PhaseTimes(leader: seconds(since: last), tasks: [])
    phase.tasks.reserveCapacity(taskCount)
    for task in 0..<taskCount {
      let start = DispatchTime.now()
      body(0, task)
      phase.tasks.append(seconds(since: start))
    }
    trace.phases.append(phase)
    last = DispatchTime.now()
  }
}
