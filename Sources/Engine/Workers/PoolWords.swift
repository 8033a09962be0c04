// The words of a worker pool: parking of followers and of the leader.
// Unsafe memory and its protocol live here, so that the pool reads as logic.

import CPTrainShims

/// Four words on cache lines of their own; sleeping on them needs their addresses.
///
/// A sleeper announces itself before it sleeps on a word's old value; a waker changes the word before it
/// looks for sleepers. All accesses are sequentially consistent, so one of both sees the other.
final class PoolWords: @unchecked Sendable {
  private let memory: UnsafeMutablePointer<UInt32>
  private static let stride = 16
  private let followers: WordSleepers
  private let leader: WordSleepers

  init() {
    memory = .allocate(capacity: 4 * Self.stride)
    memory.initialize(repeating: 0, count: 4 * Self.stride)
    followers = WordSleepers(on: memory)
    leader = WordSleepers(on: memory + 2 * Self.stride)
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
    followers.sleep(while: seen)
    _ = ptrain_word_add(parked, UInt32.max)
  }

  /// Announces new work and wakes so many of `followerCount` workers that `awakeCount` are awake.
  ///
  /// One that is about to park counts as awake: it sees the signal, and does not.
  func publish(awakeCount: Int, of followerCount: Int) {
    _ = ptrain_word_add(signal, 1)
    let missing = awakeCount - (followerCount - Int(ptrain_word_load(parked)))
    if missing > 0 { followers.wake(missing) }
  }

  func beginPhase() { ptrain_word_store(completed, 0) }

  func completeTask() {
    _ = ptrain_word_add(completed, 1)
    if ptrain_word_load(leaderParked) != 0 { leader.wake(1) }
  }

  /// Waits, spinning and then asleep, until `count` tasks have completed.
  func waitUntilCompleted(_ count: Int, _ start: Spin) {
    var spin = start
    while true {
      let done = ptrain_word_load(completed)
      if done == UInt32(count) { return }
      if !spin.turn() {
        ptrain_word_store(leaderParked, 1)
        leader.sleep(while: done)
        ptrain_word_store(leaderParked, 0)
      }
    }
  }
}
