// Where a step's time goes: the leader's clock between the parts of a step.
// Two clock reads a part; benchmarks and the scaling model read the sums.

import Dispatch

/// Parts of a training step in which all workers do the same kind of work.
package enum StepPart: Int, CaseIterable, Sendable {
  /// Forward, loss and backward over shards, until the last worker has finished.
  case compute
  /// Sums and constants of batch normalisation, on the leader.
  case statistics
  /// Sums of the shards' gradients.
  case reduce
  /// Waiting for and copying the other ranks' sums.
  case exchange
  /// Optimizer and packing of weights.
  case update
}

/// Nanoseconds by part since the start.
package struct StepClock: Sendable {
  private var nanoseconds = [UInt64](repeating: 0, count: StepPart.allCases.count)
  private var last: UInt64 = 0

  /// Starts a step.
  mutating func start() { last = DispatchTime.now().uptimeNanoseconds }

  /// Books the time since the last call under `part`.
  mutating func book(_ part: StepPart) {
    let now = DispatchTime.now().uptimeNanoseconds
    nanoseconds[part.rawValue] += now - last
    last = now
  }

  package subscript(part: StepPart) -> Double { Double(nanoseconds[part.rawValue]) * 1e-9 }
}
