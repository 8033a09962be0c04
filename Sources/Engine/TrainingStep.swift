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
struct StepRunner {
  let executor: Executor
  let pool: WorkerPool
  let block: ParameterBlock
  private let schedule: PhaseSchedule
  private let reductions: [ReductionTask]

  init(executor: Executor, pool: WorkerPool, block: ParameterBlock) {
    self.executor = executor
    self.pool = pool
    self.block = block
    schedule = PhaseSchedule(executor.plan.units)
    reductions = executor.reductionTasks()
    packParameters()
  }

  /// Trains on a minibatch; the parameters are the new ones afterwards.
  func train(_ batch: Minibatch, _ step: OptimizerStep) -> BatchResult {
    for units in schedule.synchronized {
      runShards(batch, .training) { [executor] task in
        for unit in units { executor.forward(unit, task) }
      }
      executor.normalizeBatch(units.upperBound - 1, batch, block)
    }
    runShards(batch, .training) { [schedule, executor] task in
      for unit in schedule.turn { executor.forward(unit, task) }
      executor.loss(task)
      for unit in schedule.turn.reversed() { executor.backward(unit, task) }
    }
    for units in schedule.synchronized.reversed() {
      executor.differentiateBatch(units.upperBound - 1, batch, block)
      runShards(batch, .training) { [executor] task in
        for unit in units.reversed() { executor.backward(unit, task) }
      }
    }
    reduceGradients(shardCount: batch.shardCount)
    update(step)
    return result(batch)
  }

  /// Loss and correct predictions with running statistics and without dropout.
  func evaluate(_ batch: Minibatch) -> BatchResult {
    let units = executor.plan.units.indices
    runShards(batch, .evaluation) { [executor] task in
      for unit in units { executor.forward(unit, task) }
      executor.loss(task)
    }
    return result(batch)
  }

  /// Prepares `evaluate`; a training step sets its own constants again.
  func useRunningStatistics() {
    for unit in executor.plan.units.indices {
      executor.normalizeByRunningStatistics(unit, block)
    }
  }

  func packParameters() {
    pool.run(executor.states.count) { _, unit in executor.pack(unit, block) }
  }

  private func reduceGradients(shardCount: Int) {
    pool.run(reductions.count) { _, index in
      let task = reductions[index]
      executor.sumSlots(executor.states[task.unit], task.range, shardCount: shardCount)
    }
  }

  private func update(_ step: OptimizerStep) {
    pool.run(executor.states.count) { _, unit in
      executor.unpackGradient(unit, block)
      executor.update(unit, block, step)
      executor.pack(unit, block)
    }
  }

  private func runShards(
    _ batch: Minibatch, _ mode: PassMode, _ body: @escaping (ShardTask) -> Void
  ) {
    pool.run(batch.shardCount) { worker, shard in
      body(
        ShardTask(
          batch: batch, mode: mode, shard: shard, scratch: executor.scratch[worker]))
    }
  }

  /// Shard losses are summed by the tree, too.
  private func result(_ batch: Minibatch) -> BatchResult {
    var loss: Float = 0
    executor.kernels.treeSum(
      slots: executor.shardLosses.pointer, stride: 1, slotCount: batch.shardCount, count: 1,
      result: &loss)
    let correctCount = executor.correctCounts[..<batch.shardCount].reduce(0, +)
    return BatchResult(loss: Double(loss), correctCount: correctCount)
  }
}
