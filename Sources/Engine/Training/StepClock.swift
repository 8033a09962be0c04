// Where a step's time goes: the leader's clock between the parts of a step.
// Two clock reads a part; benchmarks and the scaling model read the sums.

import Dispatch

/// Parts of a training step in which all workers do the same kind of work.
package enum StepPart: Int, CaseIterable, Sendable {
  /// Forward, loss and backward over shards, as long as the leader has some to do, and what sums and updates
  /// run beside them.
  case compute
  /// The leader's wait until the last worker has finished its shard.
  case wait
  /// Sums and constants of batch normalisation, on the leader.
  case statistics
  /// Sums of the shards' losses, and of those gradients that were left.
  case reduce
  /// Waiting for and copying the other ranks' sums.
  case exchange
  /// Optimizer and packing of the weights that were left.
  case update
}

/// Nanoseconds by part since the start.
package struct StepClock: Sendable {
  private var nanoseconds = [UInt64](repeating: 0, count: StepPart.allCases.count)
  private var last: UInt64 = 0

  /// Starts a step.
  mutating func start() { last = DispatchTime.now().uptimeNanoseconds }

  /// Books the time since the last call under `part`, but for its last `waiting` nanoseconds.
  mutating func book(_ part: StepPart, waiting: UInt64 = 0) {
    let now = DispatchTime.now().uptimeNanoseconds
    nanoseconds[part.rawValue] += now - last - waiting
    nanoseconds[StepPart.wait.rawValue] += waiting
    last = now
  }

  package subscript(part: StepPart) -> Double { Double(nanoseconds[part.rawValue]) * 1e-9 }

  /// Seconds of a part since an earlier state of the same clock.
  func seconds(of part: StepPart, since earlier: StepClock) -> Double { self[part] - earlier[part] }
}
