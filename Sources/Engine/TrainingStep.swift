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

/// Steps of a session's executors on a pool of workers; called on the leader.
final class StepRunner {
  /// The first node's, which holds what the leader writes.
  let executor: Executor
  let pool: WorkerPool
  let block: ParameterBlock
  let memory: NodeMemory
  let sums: RankSums
  private(set) var clock = StepClock()
  /// One a node.
  private let executors: [Executor]
  private let schedule: PhaseSchedule
  private let reduction: GradientReduction
  private let updateParts: [UpdatePart]

  init(
    executor: Executor, pool: WorkerPool, block: ParameterBlock, memory: NodeMemory,
    communicator: any Communicator
  ) throws {
    self.executor = executor
    self.pool = pool
    self.block = block
    self.memory = memory
    executors =
      try [executor]
      + (1..<memory.map.nodeCount).map { try Executor(replicaOf: executor, onNode: $0) }
    schedule = PhaseSchedule(executor.plan.units)
    updateParts = UpdatePart.parts(executor.plan.units)
    let rows = SumRow(executor.states, executor.results)
    sums = try RankSums(
      communicator, kernels: executor.kernels, shardCapacity: memory.shardCapacity,
      width: rows.width)
    reduction = try GradientReduction(rows, pool: pool, sums: sums, memory: memory)
    packParameters()
  }

  /// Trains on a minibatch; the parameters are the new ones afterwards.
  func train(_ batch: Minibatch, _ step: OptimizerStep) -> BatchResult {
    let shares = sums.shares(shardCount: batch.shardCount)
    clock.start()
    forwardSynchronized(batch, shares, .training, momentum: runningMomentum)
    runShards(batch, shares, .training) { [schedule] executor, task in
      for unit in schedule.turn { executor.forward(unit, task) }
      executor.loss(task)
      for unit in schedule.turn.reversed() { executor.backward(unit, task) }
    }
    for units in schedule.synchronized.reversed()
    where !executor.states[units.lowerBound].isAffine {
      setConstants(units.upperBound - 1) { unit in
        sums.sum(executor.states[unit].backwardSums, shares, shardCount: batch.shardCount)
        executor.differentiateBatch(unit, batch, block)
      }
      runShards(batch, shares, .training) { executor, task in
        for unit in units.reversed() { executor.backward(unit, task) }
      }
    }
    reduction.run(shares, shardCount: batch.shardCount, clock: &clock)
    if executor.states[0].isAffine { executor.differentiateAffine(0, block) }
    update(step)
    return executor.results.total
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

  /// Makes the running statistics the mean of those of minibatches `0...index`, each handed in once,
  /// without dropout and augmentation.
  func measureStatistics(_ batch: Minibatch, index: Int) {
    forwardSynchronized(
      batch, sums.shares(shardCount: batch.shardCount), .statistics,
      momentum: 1 / Double(index + 1))
  }

  /// Prepares `evaluate`; a training step sets its own constants again.
  func useRunningStatistics() {
    for unit in executor.plan.units.indices {
      setConstants(unit) { executor.normalizeByRunningStatistics($0, block) }
    }
  }

  func packParameters() {
    pool.run(updateParts.count) { [executor, block, updateParts] _, index in
      executor.pack(updateParts[index], block)
    }
    copyWeights()
  }

  /// Bytes that this rank receives from the others in a step with a full minibatch.
  var exchangedByteCount: Int {
    let statistics = schedule.synchronized.map { units in
      let layout = executor.states[units.upperBound - 1].slotLayout
      return layout.forwardSums.count + layout.backwardSums.count
    }
    return sums.receivedByteCount(
      sums.shares(shardCount: memory.shardCapacity),
      width: statistics.reduce(reduction.width, +))
  }

  /// The forward phases up to the last BN, whose statistics are then those of the minibatch.
  private func forwardSynchronized(
    _ batch: Minibatch, _ shares: RankShares, _ mode: PassMode, momentum: Double
  ) {
    for units in schedule.synchronized {
      runShards(batch, shares, mode) { executor, task in
        for unit in units { executor.forward(unit, task) }
      }
      setConstants(units.upperBound - 1) { unit in
        sums.sum(executor.states[unit].forwardSums, shares, shardCount: batch.shardCount)
        executor.normalizeBatch(unit, batch, block, momentum: momentum)
      }
    }
  }

  /// Runs the leader's part between two phases and hands its result to all nodes.
  private func setConstants(_ unit: Int, _ body: (Int) -> Void) {
    body(unit)
    for replica in executors.dropFirst() {
      replica.states[unit].copyChannels(from: executor.states[unit])
    }
    clock.book(.statistics)
  }

  private func runShards(
    _ batch: Minibatch, _ shares: RankShares, _ mode: PassMode,
    _ body: @escaping (Executor, ShardTask) -> Void
  ) {
    pool.run(shares.own.count) { [executors, memory] worker, task in
      let node = memory.binding.node(of: worker)
      body(
        executors[node],
        ShardTask(
          batch: batch.onNode(node), mode: mode, shard: shares.own.lowerBound + task,
          scratch: executors[node].scratch[worker]))
    }
    clock.book(.compute, waiting: pool.waitNanoseconds)
  }

  private func update(_ step: OptimizerStep) {
    pool.run(updateParts.count) { [executor, block, updateParts] _, index in
      executor.update(updateParts[index], block, step)
    }
    copyWeights()
    clock.book(.update)
  }

  /// Refreshes the other nodes' replicas; the tasks of a node stand where its workers begin.
  private func copyWeights() {
    guard executors.count > 1 else { return }
    let unitCount = executor.states.count
    pool.run(executors.count * unitCount) { [executors] _, task in
      let (node, unit) = task.quotientAndRemainder(dividingBy: unitCount)
      guard node > 0 else { return }
      executors[node].states[unit].copyWeights(from: executors[0].states[unit])
    }
  }
}
