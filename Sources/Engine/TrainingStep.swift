// One training step and one test pass: which phases run in which order.
// Phases end where batch normalisation needs the whole minibatch, and nowhere else.

import KernelTypes

/// Units between two synchronisations, as index ranges of the plan.
struct PhaseSchedule: Sendable {
  /// Each ends with a unit that has BN.
  let synchronized: [Range<Int>]
  /// Units behind the last BN: their forward pass, the loss and their backward pass are one phase.
  let turn: Range<Int>

  init(_ units: [Unit]) {
    var ranges: [Range<Int>] = []
    var first = 0
    for (index, unit) in units.enumerated() where unit.hasBatchNorm {
      ranges.append(first..<index + 1)
      first = index + 1
    }
    synchronized = ranges
    turn = first..<units.count
  }
}

/// Summed loss and correct predictions of some samples.
struct BatchResult: Sendable {
  var loss = 0.0
  var correctCount = 0
}

/// Steps of one executor on a pool of workers; called on the leader.
final class StepRunner {
  let executor: Executor
  let pool: WorkerPool
  let block: ParameterBlock
  let sums: RankSums
  private(set) var clock = StepClock()
  private let schedule: PhaseSchedule
  private let reduction: GradientReduction

  init(
    executor: Executor, pool: WorkerPool, block: ParameterBlock, communicator: any Communicator
  ) throws {
    self.executor = executor
    self.pool = pool
    self.block = block
    schedule = PhaseSchedule(executor.plan.units)
    reduction = GradientReduction(executor.states, executor.results)
    sums = try RankSums(
      communicator, kernels: executor.kernels, shardCapacity: shardCount(executor.sampleCapacity),
      width: reduction.width)
    packParameters()
  }

  /// Trains on a minibatch; the parameters are the new ones afterwards.
  func train(_ batch: Minibatch, _ step: OptimizerStep) -> BatchResult {
    let shares = sums.shares(shardCount: batch.shardCount)
    clock.start()
    for units in schedule.synchronized {
      runShards(batch, shares, .training) { executor, task in
        for unit in units { executor.forward(unit, task) }
      }
      let unit = units.upperBound - 1
      sumStatistics(executor.states[unit].forwardSums, batch, shares)
      executor.normalizeBatch(unit, batch, block)
      clock.book(.statistics)
    }
    runShards(batch, shares, .training) { [schedule] executor, task in
      for unit in schedule.turn { executor.forward(unit, task) }
      executor.loss(task)
      for unit in schedule.turn.reversed() { executor.backward(unit, task) }
    }
    for units in schedule.synchronized.reversed() {
      let unit = units.upperBound - 1
      sumStatistics(executor.states[unit].backwardSums, batch, shares)
      executor.differentiateBatch(unit, batch, block)
      clock.book(.statistics)
      runShards(batch, shares, .training) { executor, task in
        for unit in units.reversed() { executor.backward(unit, task) }
      }
    }
    let result = reduce(batch, shares)
    update(step)
    return result
  }

  /// Loss and correct predictions with running statistics and without dropout.
  func evaluate(_ batch: Minibatch) -> BatchResult {
    let shares = sums.shares(shardCount: batch.shardCount)
    let units = executor.plan.units.indices
    runShards(batch, shares, .evaluation) { executor, task in
      for unit in units { executor.forward(unit, task) }
      executor.loss(task)
    }
    sums.sum(executor.results.slots, shares, shardCount: batch.shardCount)
    return executor.results.total
  }

  /// Prepares `evaluate`; a training step sets its own constants again.
  func useRunningStatistics() {
    for unit in executor.plan.units.indices {
      executor.normalizeByRunningStatistics(unit, block)
    }
  }

  func packParameters() {
    pool.run(executor.states.count) { [executor, block] _, unit in executor.pack(unit, block) }
  }

  private func runShards(
    _ batch: Minibatch, _ shares: RankShares, _ mode: PassMode,
    _ body: @escaping (Executor, ShardTask) -> Void
  ) {
    pool.run(shares.own.count) { [executor] worker, task in
      body(
        executor,
        ShardTask(
          batch: batch, mode: mode, shard: shares.own.lowerBound + task,
          scratch: executor.scratch[worker]))
    }
    clock.book(.compute)
  }

  private func sumStatistics(_ statistics: SlotRange, _ batch: Minibatch, _ shares: RankShares) {
    sums.sum(statistics, shares, shardCount: batch.shardCount)
  }

  /// Sums gradients and results, all in one exchange.
  private func reduce(_ batch: Minibatch, _ shares: RankShares) -> BatchResult {
    let (sums, pieces, width) = (sums, reduction.pieces, reduction.width)
    guard sums.isDistributed else {
      pool.run(pieces.count) { _, index in
        sums.sum(pieces[index].slots, shares, shardCount: batch.shardCount)
      }
      clock.book(.reduce)
      return executor.results.total
    }
    pool.run(pieces.count) { _, index in
      sums.sumSubtrees(pieces[index].slots, shares, column: pieces[index].column, width: width)
    }
    clock.book(.reduce)
    sums.exchange(shares, width: width)
    clock.book(.exchange)
    pool.run(pieces.count) { _, index in
      sums.join(pieces[index].slots, shares, column: pieces[index].column, width: width)
    }
    clock.book(.reduce)
    return executor.results.total
  }

  private func update(_ step: OptimizerStep) {
    pool.run(executor.states.count) { [executor, block] _, unit in
      executor.unpackGradient(unit, block)
      executor.update(unit, block, step)
      executor.pack(unit, block)
    }
    clock.book(.update)
  }
}
