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
private final class PhaseClaims: Sendable {
  private struct Phase {
    var workers: Set<Int> = []
    var claimed = 0
  }

  let workerCount: Int
  let taskCount: Int
  private let counts = Mutex<[Phase]>([])
  private let isTooLate = Atomic<Bool>(false)

  init(workerCount: Int, taskCount: Int) {
    self.workerCount = workerCount
    self.taskCount = taskCount
  }

  var phases: [Int] { counts.withLock { $0.map(\.workers.count) } }

  /// Counts a claim in a phase of `taskCount` tasks, and waits for the other workers' first ones.
  func add(_ worker: Int, of taskCount: Int) {
    guard taskCount == self.taskCount else { return }
    let phase = counts.withLock { phases in
      if phases.last.map({ $0.claimed == taskCount }) ?? true { phases.append(Phase()) }
      phases[phases.count - 1].workers.insert(worker)
      phases[phases.count - 1].claimed += 1
      return phases.count - 1
    }
    let limit = ContinuousClock.now + .seconds(20)
    while counts.withLock({ $0[phase].workers.count }) < workerCount,
      !isTooLate.load(ordering: .relaxed)
    {
      if ContinuousClock.now > limit { isTooLate.store(true, ordering: .relaxed) }
      sched_yield()
    }
  }
}
