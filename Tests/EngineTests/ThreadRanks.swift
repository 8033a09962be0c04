// Ranks as threads of the test process: what MPI does, without MPI.

import Dispatch
import Glibc
import PTrainKernelTypes
import Synchronization

@testable import PTrainEngine

/// Meeting point of `size` communicators.
final class ThreadRanks: @unchecked Sendable {
  let size: Int
  private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  private let lock = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private var arrived = 0
  private var generation = 0
  private var buffers: [MutableFloatPointer?]

  init(size: Int) {
    self.size = size
    buffers = Array(repeating: nil, count: size)
    pthread_cond_init(condition, nil)
    pthread_mutex_init(lock, nil)
  }

  deinit {
    condition.deallocate()
    lock.deallocate()
  }

  /// Runs `body` once for each rank, all at the same time.
  static func run<Result: Sendable>(
    _ size: Int, _ body: @escaping @Sendable (any Communicator) throws -> Result
  ) throws -> [Result] {
    let ranks = ThreadRanks(size: size)
    let results = Mutex<[Int: Swift.Result<Result, any Error>]>([:])
    let group = DispatchGroup()
    for rank in 0..<size {
      let communicator = Rank(ranks: ranks, rank: rank)
      DispatchQueue(label: "rank \(rank)").async(group: group) {
        let result = Swift.Result { try body(communicator) }
        results.withLock { $0[rank] = result }
      }
    }
    group.wait()
    return try results.withLock { results in try (0..<size).map { try results[$0]!.get() } }
  }

  private func meet(_ rank: Int, _ values: MutableFloatPointer?) {
    pthread_mutex_lock(lock)
    if let values { buffers[rank] = values }
    arrived += 1
    let mine = generation
    if arrived == size {
      arrived = 0
      generation += 1
      pthread_cond_broadcast(condition)
    }
    while generation == mine { pthread_cond_wait(condition, lock) }
    pthread_mutex_unlock(lock)
  }

  private struct Rank: Communicator {
    let ranks: ThreadRanks
    let rank: Int
    var size: Int { ranks.size }

    func gather(_ values: MutableFloatPointer, parts: [Range<Int>]) {
      ranks.meet(rank, values)
      for other in 0..<size where other != rank {
        let part = parts[other]
        (values + part.lowerBound).update(
          from: ranks.buffers[other]! + part.lowerBound, count: part.count)
      }
      // Nobody changes its rows before all have read them.
      ranks.meet(rank, nil)
    }

    func barrier() { ranks.meet(rank, nil) }
    func abort(status: Int32) -> Never { fatalError("rank \(rank) aborts with \(status)") }
    func finish() {}
  }
}
