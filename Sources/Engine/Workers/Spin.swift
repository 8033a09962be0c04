// Waiting in a loop before a thread sleeps.
// The limit is a time: one turn takes 40 to 140 cycles on x86 and a single one on arm64.

import CPTrainShims
import Dispatch

/// One wait's turns.
struct Spin {
  /// Turns between two looks at the clock.
  private static let stretch = 32
  private let limit: UInt64
  private var turns = 0
  private var end: UInt64 = 0

  init(nanoseconds: UInt64) { limit = nanoseconds }

  /// Pauses for a moment; false once the time is over.
  @inline(__always)
  mutating func turn() -> Bool {
    ptrain_pause()
    turns += 1
    guard turns % Self.stretch == 0 else { return true }
    let now = DispatchTime.now().uptimeNanoseconds
    if end == 0 { end = now + limit }
    return now < end
  }
}
