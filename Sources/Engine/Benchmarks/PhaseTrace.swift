// What the phases of a step hold: every task's time, and the leader's between them. A model of how more
// workers would share them is made of these.

import Dispatch

/// One phase of a step; seconds.
package struct PhaseTimes: Sendable {
  /// What the leader did alone before it.
  package var leader: Double
  package var tasks: [Double]
  /// Those for whoever finds no other one.
  package var lastTasks: [Double]
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

  func run(_ ownedCount: Int, then lastCount: Int, _ body: WorkerPool.Body) {
    var phase = PhaseTimes(leader: seconds(since: last), tasks: [], lastTasks: [])
    phase.tasks = times(0..<ownedCount, body)
    phase.lastTasks = times(ownedCount..<ownedCount + lastCount, body)
    trace.phases.append(phase)
    last = DispatchTime.now()
  }

  private func times(_ tasks: Range<Int>, _ body: WorkerPool.Body) -> [Double] {
    tasks.map { task in
      let start = DispatchTime.now()
      body(0, task)
      return seconds(since: start)
    }
  }
}
