// The worker pool runs every task once, makes writes visible, and survives delayed workers.

import Dispatch
import Glibc
import PTrainMemory
import Synchronization
import Testing

@testable import PTrainEngine

@Suite struct WorkerPoolTests {
  @Test(arguments: [1, 2, 3, 8, 32])
  func runsEveryTaskOnce(workerCount: Int) throws {
    let pool = WorkerPool(workerCount: workerCount, cpuCount: 2)
    defer { pool.stop() }
    try pool.lead {
      for taskCount in [0, 1, 2, 7, 64, 1000] {
        let counts = UnsafeMutableBufferPointer<Int>.allocate(capacity: max(taskCount, 1))
        counts.initialize(repeating: 0)
        defer { counts.deallocate() }
        pool.run(taskCount) { _, task in counts[task] += 1 }
        #expect(counts.prefix(taskCount).allSatisfy { $0 == 1 })
      }
    }
  }

  /// Each phase reads what the phase before wrote on another worker.
  @Test(arguments: [2, 5, 32])
  func makesWritesVisibleToTheNextPhase(workerCount: Int) throws {
    let pool = WorkerPool(workerCount: workerCount, cpuCount: 64)
    defer { pool.stop() }
    let size = 37
    let values = UnsafeMutableBufferPointer<Int>.allocate(capacity: size)
    values.initialize(repeating: 0)
    defer { values.deallocate() }
    try pool.lead {
      for phase in 0..<2000 {
        let wrong = Atomic<Int>(0)
        pool.run(size) { _, task in
          let neighbour = (task + phase) % size
          if values[neighbour] != phase && values[neighbour] != phase + 1 {
            wrong.wrappingAdd(1, ordering: .relaxed)
          }
        }
        pool.run(size) { _, task in values[task] += 1 }
        try #require(wrong.load(ordering: .relaxed) == 0)
      }
    }
    #expect(values.allSatisfy { $0 == 2000 })
  }

  /// 10,000 phases over all worker counts, tasks delayed at random.
  @Test func survivesRandomDelays() throws {
    for workerCount in [1, 2, 4, 7, 16, 32] {
      let pool = WorkerPool(workerCount: workerCount, cpuCount: 2)
      defer { pool.stop() }
      let total = Atomic<Int>(0)
      try pool.lead {
        for phase in 0..<1700 {
          pool.run(workerCount + 3) { _, task in
            let stream = RandomStream(seed: UInt64(phase), purpose: .shuffle)
            if stream.word(element: task) % 64 == 0 { usleep(50) }
            total.wrappingAdd(1, ordering: .relaxed)
          }
        }
      }
      #expect(total.load(ordering: .relaxed) == 1700 * (workerCount + 3))
    }
  }

  @Test func leadPassesErrorsOn() {
    struct Stop: Error {}
    let pool = WorkerPool(workerCount: 2, cpuCount: 2)
    defer { pool.stop() }
    #expect(throws: Stop.self) { try pool.lead { throw Stop() } }
  }

  /// As under `nice`, whatever the leader's thread has.
  @Test func workersAreAsNiceAsTheirMaker() throws {
    let before = ThreadNiceness.current
    nonisolated(unsafe) var pool: WorkerPool?
    nonisolated(unsafe) var expected: Int32 = 0
    // On a thread of its own, since without privileges there is no way back.
    let thread = DispatchQueue(label: "maker")
    thread.sync {}
    thread.async {
      ThreadNiceness.with(before + 3) {
        expected = ThreadNiceness.current
        pool = WorkerPool(workerCount: 4, cpuCount: 4)
      }
    }
    thread.sync {}
    let workers = try #require(pool)
    defer { workers.stop() }
    let found = UnsafeMutableBufferPointer<Int32>.allocate(capacity: 4)
    found.initialize(repeating: -100)
    defer { found.deallocate() }
    try workers.lead {
      for _ in 0..<1000 where found.contains(-100) {
        workers.run(4) { worker, _ in
          found[worker] = ThreadNiceness.current
          usleep(1000)
        }
      }
    }
    #expect(found.filter { $0 != -100 }.allSatisfy { $0 == expected })
    #expect(found[0] == expected)
  }

  @Test func workersStayOnTheirThreads() throws {
    let binding = CountingBinding(nodeCount: 1)
    let pool = WorkerPool(workerCount: 4, cpuCount: 4, binding: binding)
    try pool.lead {
      pool.run(100) { worker, _ in precondition((0..<4).contains(worker)) }
    }
    pool.stop()
    #expect(binding.entered.load(ordering: .relaxed) == 4)
  }

  /// Tasks are cut into contiguous ranges; every one runs once, whoever takes it.
  @Test(arguments: [2, 3, 4])
  func workersOfSeveralNodesShareTasks(nodeCount: Int) throws {
    let binding = CountingBinding(nodeCount: nodeCount)
    let pool = WorkerPool(workerCount: 5, cpuCount: 5, binding: binding)
    defer { pool.stop() }
    try pool.lead {
      for taskCount in [2, 3, 7, 64, 1000] {
        let counts = UnsafeMutableBufferPointer<Int>.allocate(capacity: taskCount)
        counts.initialize(repeating: 0)
        defer { counts.deallocate() }
        for _ in 0..<50 { pool.run(taskCount) { _, task in counts[task] += 1 } }
        #expect(counts.allSatisfy { $0 == 50 })
        for last in 0...taskCount {
          pool.run(taskCount - last, then: last) { _, task in counts[task] += 1 }
        }
        #expect(counts.allSatisfy { $0 == 51 + taskCount })
      }
    }
  }

  @Test func claimsStartWithTheOwnRangeAndGoOnOnTheOwnNode() {
    let claims = TaskClaims(nodes: [0, 0, 1, 1])
    for _ in 0..<2 {
      claims.publish(8)
      #expect(claims.claim(as: 3) == 6)
      #expect(claims.claim(as: 0) == 0)
      #expect(claims.claim(as: 3) == 7)
      // The rest of its node's, then another node's.
      #expect((0..<3).map { _ in claims.claim(as: 3) } == [4, 5, 1])
      #expect((0..<3).map { _ in claims.claim(as: 1) } == [2, 3, nil])
      #expect(!claims.hasTask)
    }
    // What belongs to nobody comes behind all others' tasks.
    claims.publish(3, lastCount: 2)
    #expect((0..<3).map { _ in claims.claim(as: 3) } == [2, 1, 0])
    #expect(claims.hasTask)
    #expect([1, 3, 0].map { claims.claim(as: $0) } == [3, 4, nil])
    #expect(!claims.hasTask)
    // Three ranges are empty.
    claims.publish(1)
    #expect(claims.claim(as: 1) == 0)
    #expect(claims.claim(as: 3) == nil)
  }

  /// Five workers on two CPUs: the leader has the first half, all others begin with the second.
  @Test func workersBeyondTheCPUsShareTheirRanges() {
    let claims = TaskClaims(nodes: [0, 0, 0, 0, 0], cpuCount: 2)
    claims.publish(6)
    #expect([0, 1, 4, 2].map { claims.claim(as: $0) } == [0, 3, 4, 5])
    #expect([3, 0, 1].map { claims.claim(as: $0) } == [1, 2, nil])
  }
}

/// Counts the threads that become workers; worker `w` is at home on node `w` modulo `nodeCount`.
private final class CountingBinding: WorkerBinding {
  let entered = Atomic<Int>(0)
  let nodeCount: Int

  init(nodeCount: Int) { self.nodeCount = nodeCount }

  func node(of worker: Int) -> Int { worker % nodeCount }
  func memoryNode(of node: Int) -> Int? { nil }
  func report(_ reason: String) {}

  func run(as worker: Int, _ body: () -> Void) {
    entered.wrappingAdd(1, ordering: .relaxed)
    body()
  }
}
