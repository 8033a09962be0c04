// How workers share a minibatch: leaves decide the bits, shards who works.

import Glibc
import PTrainNetworks
import Synchronization
import Testing

@testable import PTrainEngine

@Suite struct ShardingTests {
  @Test(
    arguments: [
      (1, 8), (2, 8), (4, 8), (5, 4), (8, 4), (9, 2), (16, 2), (32, 2), (100, 2),
    ])
  func manyWorkersHaveSmallShards(workers: Int, shardSize: Int) {
    let sharding = Sharding(leafSize: 2, sampleCapacity: 64, workerCount: workers)
    #expect(sharding.shardSize == shardSize)
    #expect(sharding.leavesPerShard == shardSize / 2)
    #expect(sharding.shardCount(64) == 64 / shardSize && sharding.shardCount(3) >= 1)
    #expect(Sharding(leafSize: 8, sampleCapacity: 64, workerCount: workers).shardSize == 8)
  }

  @Test(
    arguments: [
      ("compact", 2), ("tiny", 2), ("eva8", 2), ("ds-cnn", 2), ("lenet5", 8), ("resnet8", 8),
      ("mobilenet-025", 8),
    ])
  func leavesAreSmallWhereWeightsAreFew(preset: String, leafSize: Int) throws {
    let network = try Network(
      description: .preset(named: preset), input: Shape(channels: 1, height: 32, width: 32),
      classCount: 10)
    #expect(try Plan(network).leafSize == leafSize)
  }

  /// Every worker waits with its first task of a phase until all have one: with a task too few for them
  /// the wait would end by its limit.
  @Test func sixteenWorkersOfTheDefaultModelAllHaveWork() throws {
    let workers = 16
    var run = try NoiseRun(
      .preset(named: "compact"), input: Shape(channels: 1, height: 28, width: 28), epochs: 1,
      training: 64, test: 64, batchSize: 64)
    run.cpuCount = workers
    let trainer = try run.trainer(threads: workers)
    let claims = PhaseClaims(workerCount: workers, taskCount: 32)
    trainer.session.pool.observeClaim = { claims.add($0, of: $1) }
    _ = try trainer.run { _ in }
    let plan = trainer.session.runner.executor.plan
    let phases = plan.schedule.forward.count + plan.schedule.backward.count - 1
    // The gradient of an affine first stage is made in its reader's phase.
    #expect(claims.phases.count >= phases - 1)
    #expect(claims.phases.allSatisfy { $0 == workers })
  }
}

/// How many workers claimed tasks, phase by phase.
private final class PhaseClaims: @unchecked Sendable {
  /// More phases than the step has.
  private static let capacity = 64

  let workerCount: Int
  let taskCount: Int
  private let claimCount = Atomic<Int>(0)
  /// A bit for each worker that has claimed a task of the phase. Not behind a `Mutex`, which the thread
  /// sanitizer does not know.
  private let workers: UnsafeMutablePointer<Atomic<UInt64>>
  private let isTooLate = Atomic<Bool>(false)

  init(workerCount: Int, taskCount: Int) {
    self.workerCount = workerCount
    self.taskCount = taskCount
    workers = .allocate(capacity: Self.capacity)
    for phase in 0..<Self.capacity { (workers + phase).initialize(to: Atomic(0)) }
  }

  deinit {
    for phase in 0..<Self.capacity { (workers + phase).deinitialize(count: 1) }
    workers.deallocate()
  }

  var phases: [Int] {
    let count = partCount(claimCount.load(ordering: .acquiring), of: taskCount)
    return (0..<count).map(workersOfPhase)
  }

  private func workersOfPhase(_ phase: Int) -> Int {
    workers[phase].load(ordering: .acquiring).nonzeroBitCount
  }

  /// Counts a claim in a phase of `taskCount` tasks, and waits for the other workers' first ones.
  func add(_ worker: Int, of taskCount: Int) {
    guard taskCount == self.taskCount else { return }
    // A phase begins when all tasks of the one before have been claimed.
    let phase = claimCount.wrappingAdd(1, ordering: .acquiringAndReleasing).oldValue / taskCount
    precondition(phase < Self.capacity)
    workers[phase].bitwiseOr(1 << UInt64(worker), ordering: .acquiringAndReleasing)
    let limit = ContinuousClock.now + .seconds(20)
    while workersOfPhase(phase) < workerCount, !isTooLate.load(ordering: .relaxed) {
      if ContinuousClock.now > limit { isTooLate.store(true, ordering: .relaxed) }
      sched_yield()
    }
  }
}
