// One training step and one test pass: which phases run in which order.
// Phases end where batch normalisation needs the whole minibatch, and nowhere else.

import PTrainKernelTypes
import PTrainNetworks

/// Summed loss and correct predictions of some samples.
struct BatchResult: Sendable {
  var loss = 0.0
  var correctCount = 0
}

/// Steps of a session's executors on a pool of workers; whatever changes something traps unless the
/// leader calls it.
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
  /// Where other nodes or ranks have parts of the sums.
  private let reduction: GradientReduction?
  private let weights: WeightUpdate
  /// Backward phases without an affine first stage, whose gradient is made in its reader's.
  private let phases: [[Int]]
  private let rounds: StepRounds

  init(
    executor: Executor, pool: WorkerPool, block: ParameterBlock, memory: NodeMemory,
    communicator: any Communicator, rule: any OptimizerRule
  ) throws {
    self.executor = executor
    self.pool = pool
    self.block = block
    self.memory = memory
    executors =
      try [executor]
      + (1..<memory.map.nodeCount).map { try Executor(replicaOf: executor, onNode: $0) }
    weights = try WeightUpdate(executors, pool: pool, block: block, memory: memory, rule: rule)
    let rows = SumRow(executor.states, executor.results)
    sums = try RankSums(
      communicator, kernels: executor.kernels,
      shardCapacity: max(
        memory.shardCapacity, memory.sharding.shardCount(executor.evaluationSampleCount)),
      width: rows.width)
    let isAlone = executors.count == 1 && !sums.isDistributed
    reduction =
      isAlone ? nil : try GradientReduction(rows, pool: pool, sums: sums, memory: memory)
    phases = executor.plan.schedule.backward
      .map { phase in phase.filter { !executor.states[$0].isAffine } }.filter { !$0.isEmpty }
    rounds = StepRounds(
      phases, rows.pieces, weights.parts,
      !isAlone ? .atTheEnd : weights.takesPasses ? .earlySums : .earlyUpdates)
    packParameters()
  }

  /// Shards of a full minibatch that this rank runs.
  var ownShardCount: Int { sums.shares(shardCount: memory.shardCapacity).own.count }

  /// Trains on a minibatch; the parameters are the new ones afterwards, but where the loss is no number.
  func train(_ batch: Minibatch, _ step: OptimizerStep) -> BatchResult {
    pool.assertLeads()
    let shares = sums.shares(shardCount: batch.shardCount)
    clock.start()
    forwardSynchronized(batch, shares, .training)
    let last = executor.plan.schedule.forward.last!
    let first = phases[0]
    runShards(batch, shares, .training, inGroups: sharesSlots(first)) { executor, task in
      for stage in last { executor.forward(stage, task) }
      executor.loss(task)
      for stage in first { executor.backward(stage, task) }
    }
    if reduction == nil {
      sums.sum(executor.results.slots, shares, shardCount: batch.shardCount)
      clock.book(.reduce)
      if let result = divergence(batch) { return result }
    }
    for (phase, round) in zip(phases, rounds.besidePhases).dropFirst() {
      runBackward(phase, batch, shares, beside: work(round, batch, shares, step))
    }
    if let reduction {
      reduction.run(shares, shardCount: batch.shardCount, clock: &clock)
      if let result = divergence(batch) { return result }
    } else {
      let work = work(rounds.lastSums, batch, shares, step)
      pool.run(work.count) { _, task in work.run(task) }
      clock.book(.reduce)
    }
    if executor.states[0].isAffine { executor.differentiateAffine(0, block) }
    weights.run(rounds.lastUpdates, step)
    clock.book(.update)
    return executor.results.total
  }

  /// The result of a minibatch whose loss is no number. Whoever looks for the reason looks at values, over
  /// which gradients may lie by now.
  private func divergence(_ batch: Minibatch) -> BatchResult? {
    guard !executor.results.total.loss.isFinite else { return nil }
    computeValues(batch)
    return executor.results.total
  }

  private func work(
    _ round: StepRound, _ batch: Minibatch, _ shares: RankShares, _ step: OptimizerStep
  ) -> LastTasks {
    LastTasks(count: round.count) { [executor, sums, block] task in
      if task < round.sums.count {
        sums.sum(round.sums[task].slots, shares, shardCount: batch.shardCount)
      } else {
        executor.update(round.updates[task - round.sums.count], block, step)
      }
    }
  }

  /// Leaves the values that a step with the minibatch has forward; parameters and statistics stay as they are.
  func computeValues(_ batch: Minibatch) {
    pool.assertLeads()
    let shares = sums.shares(shardCount: batch.shardCount)
    forwardSynchronized(batch, shares, .training, momentum: 0)
    let last = executor.plan.schedule.forward.last!
    runShards(batch, shares, .training) { executor, task in
      for stage in last { executor.forward(stage, task) }
    }
  }

  /// Loss and correct predictions with running statistics and without dropout, of a minibatch or of a
  /// part of an evaluation.
  ///
  /// The logits `[count, classes]` of all ranks go to `logits`. Values of a shard stay in its buffers only
  /// where somebody `looksAtValues`, since nothing reads them later. One worker runs the `errand` meanwhile.
  func evaluate(
    _ batch: Minibatch, logits: MutableFloatPointer? = nil, looksAtValues: Bool = false,
    beside errand: (() -> Void)? = nil
  ) -> BatchResult {
    pool.assertLeads()
    let shares = sums.shares(shardCount: batch.shardCount)
    let stages = executor.plan.stages.indices
    let pass = { (executor: Executor, task: ShardTask) in
      for stage in stages { executor.forward(stage, task) }
      executor.loss(task)
      if let logits { executor.copyLogits(task, to: logits) }
    }
    if looksAtValues {
      runShards(batch, shares, .evaluation, pass)
    } else {
      runStrands(batch, shares, errand, pass)
    }
    sums.sum(executor.results.slots, shares, shardCount: batch.shardCount)
    if let logits { gather(logits, batch, shares) }
    return executor.results.total
  }

  /// Completes the logits of a minibatch at every rank.
  private func gather(_ logits: MutableFloatPointer, _ batch: Minibatch, _ shares: RankShares) {
    guard sums.isDistributed else { return }
    let classCount = executor.plan.network.classCount
    let parts = shares.all.map { shards in
      let places = batch.places(ofShards: shards)
      return places.lowerBound * classCount..<places.upperBound * classCount
    }
    sums.communicator.gather(logits, parts: parts)
  }

  /// Makes the running statistics the mean of those of minibatches `0...index`, each handed in once,
  /// without dropout.
  func measureStatistics(_ batch: Minibatch, index: Int) {
    pool.assertLeads()
    forwardSynchronized(
      batch, sums.shares(shardCount: batch.shardCount), .statistics,
      momentum: 1 / Double(index + 1))
  }

  /// Prepares `evaluate`; a training step sets its own constants again.
  func useRunningStatistics() {
    pool.assertLeads()
    for stage in executor.plan.stages.indices {
      setConstants(stage) { executor.normalizeByRunningStatistics($0, block) }
    }
  }

  func packParameters() { weights.pack() }

  /// Bytes that this rank receives from the others in a step with a full minibatch.
  var exchangedByteCount: Int {
    let norms = executor.states.filter { $0.stage.value.view.hasNorm }
    let statistics = norms.map {
      $0.slotLayout.statistics.count + $0.slotLayout.backwardSums.count
    }
    return sums.receivedByteCount(
      sums.shares(shardCount: memory.shardCapacity),
      width: statistics.reduce(reduction?.width ?? 0, +))
  }

  /// The forward phases up to the last BN, whose statistics are then those of the minibatch.
  private func forwardSynchronized(
    _ batch: Minibatch, _ shares: RankShares, _ mode: PassMode, momentum: Double? = nil
  ) {
    for phase in executor.plan.schedule.forward.dropLast() {
      runShards(batch, shares, mode) { executor, task in
        for stage in phase { executor.forward(stage, task) }
      }
      for stage in phase where executor.states[stage].stage.value.view.hasNorm {
        setConstants(stage) { stage in
          guard !executor.keepsStatistics(stage) else {
            return executor.normalizeByRunningStatistics(stage, block)
          }
          sums.sum(executor.states[stage].statistics, shares, shardCount: batch.shardCount)
          executor.normalizeBatch(stage, batch, block, momentum: momentum)
        }
      }
    }
  }

  /// One phase of the backward pass, its norms first; what an affine stage needs comes at the end.
  private func runBackward(
    _ phase: [Int], _ batch: Minibatch, _ shares: RankShares, beside lastTasks: LastTasks
  ) {
    for stage in phase where executor.states[stage].hasBackwardNorm {
      setConstants(stage) { stage in
        sums.sum(executor.states[stage].backwardSums, shares, shardCount: batch.shardCount)
        executor.differentiateBatch(stage, batch, block)
      }
    }
    runShards(
      batch, shares, .training, inGroups: sharesSlots(phase), beside: lastTasks
    ) { executor, task in
      for stage in phase { executor.backward(stage, task) }
    }
  }

  /// Runs the leader's part between two phases and hands its result to all nodes.
  private func setConstants(_ stage: Int, _ body: (Int) -> Void) {
    body(stage)
    for replica in executors.dropFirst() {
      replica.states[stage].copyChannels(from: executor.states[stage])
    }
    clock.book(.statistics)
  }

  /// Whether shards of a backward phase share slots of a weight gradient.
  private func sharesSlots(_ phase: [Int]) -> Bool {
    phase.contains { executor.states[$0].gradientSlots.groupSize > 1 }
  }

  /// `inGroups`: one worker takes the shards of a group, in their order.
  private func runShards(
    _ batch: Minibatch, _ shares: RankShares, _ mode: PassMode, inGroups: Bool = false,
    beside lastTasks: LastTasks = LastTasks(),
    _ body: @escaping (Executor, ShardTask) -> Void
  ) {
    let shardCount = shares.own.count
    let size = inGroups ? memory.groupSize : 1
    let count = inGroups ? memory.groupCount(shardCount: shardCount) : shardCount
    pool.run(count, then: lastTasks.count) { [executors, memory] worker, task in
      guard task < count else { return lastTasks.run(task - count) }
      let node = memory.binding.node(of: worker)
      let batch = batch.onNode(node)
      let scratch = executors[node].scratch[worker]
      for shard in task * size..<min((task + 1) * size, shardCount) {
        body(
          executors[node],
          ShardTask(
            batch: batch, mode: mode, shard: shares.own.lowerBound + shard, scratch: scratch))
      }
    }
    clock.book(.compute, waiting: pool.waitNanoseconds)
  }

  /// Evaluates shards, however many, in strands: each takes one after the other, whichever is next, and
  /// has buffers of its own for them, which stay in its worker's cache. Who runs the `errand` comes to them
  /// later.
  private func runStrands(
    _ batch: Minibatch, _ shares: RankShares, _ errand: (() -> Void)?,
    _ body: @escaping (Executor, ShardTask) -> Void
  ) {
    let next = NextShard(shares.own)
    let count = min(pool.workerCount, memory.bufferCount, shares.own.count)
    let errands = errand == nil ? 0 : 1
    pool.run(errands + count) { [executors, memory] worker, task in
      if task < errands { errand?() }
      let strand = task - errands
      guard strand >= 0 else { return }
      let node = memory.binding.node(of: worker)
      let buffers = memory.shard(of: worker) ?? strand
      let batch = batch.onNode(node)
      while let shard = next.claim() {
        body(
          executors[node],
          ShardTask(
            batch: batch.moving(shard, to: buffers), mode: .evaluation, shard: buffers,
            resultShard: shard, scratch: executors[node].scratch[worker]))
      }
    }
    clock.book(.compute, waiting: pool.waitNanoseconds)
  }
}
