// The futex words of a worker pool: parking of followers and of the leader.
// Unsafe memory and its protocol live here, so that the pool reads as logic.

import CPTrainShims

/// Four words on cache lines of their own; the futex system call needs their addresses.
///
/// A sleeper announces itself before it sleeps on a word's old value; a waker changes the word before it
/// looks for sleepers. All accesses are sequentially consistent, so one of both sees the other.
final class PoolWords: @unchecked Sendable {
  private let memory: UnsafeMutablePointer<UInt32>
  private static let stride = 16

  init() {
    memory = .allocate(capacity: 4 * Self.stride)
    memory.initialize(repeating: 0, count: 4 * Self.stride)
  }

  deinit { memory.deallocate() }

  private var signal: UnsafeMutablePointer<UInt32> { memory }
  private var parked: UnsafeMutablePointer<UInt32> { memory + Self.stride }
  private var completed: UnsafeMutablePointer<UInt32> { memory + 2 * Self.stride }
  private var leaderParked: UnsafeMutablePointer<UInt32> { memory + 3 * Self.stride }

  /// Sleeps until the next `publish` unless `isIdle` is false.
  func park(while isIdle: () -> Bool) {
    let seen = ptrain_word_load(signal)
    guard isIdle() else { return }
    _ = ptrain_word_add(parked, 1)
    ptrain_futex_wait(signal, seen)
    _ = ptrain_word_add(parked, UInt32.max)
  }

  /// Announces new work and wakes at most `wakeLimit` parked workers.
  func publish(wakeLimit: Int) {
    _ = ptrain_word_add(signal, 1)
    if ptrain_word_load(parked) > 0 { ptrain_futex_wake(signal, Int32(wakeLimit)) }
  }

  func beginPhase() { ptrain_word_store(completed, 0) }

  func completeTask() {
    _ = ptrain_word_add(completed, 1)
    if ptrain_word_load(leaderParked) != 0 { ptrain_futex_wake(completed, 1) }
  }

  /// Waits, spinning and then asleep, until `count` tasks have completed.
  func waitUntilCompleted(_ count: Int, spinLimit: Int) {
    var turns = 0
    while true {
      let done = ptrain_word_load(completed)
      if done == UInt32(count) { return }
      turns += 1
      if turns < spinLimit {
        ptrain_pause()
      } else {
        ptrain_word_store(leaderParked, 1)
        ptrain_futex_wait(completed, done)
        ptrain_word_store(leaderParked, 0)
      }
    }
  }
}
