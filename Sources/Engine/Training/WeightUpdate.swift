// The end of a step: from summed gradients to the weights that every node's stages read.

import PTrainKernelTypes
import PTrainNetworks

/// Updates of all parameters on a pool of workers; called on the leader.
struct WeightUpdate {
  /// One a node; the first one's stages are packed from the block.
  private let executors: [Executor]
  private let pool: WorkerPool
  private let block: ParameterBlock
  /// Whether an update looks at more than a part's values, so that it takes several passes over all.
  let takesPasses: Bool
  let parts: [UpdatePart]
  /// Those weights that `Muon` takes; none with another rule.
  private let matrices: MuonUpdate

  init(
    _ executors: [Executor], pool: WorkerPool, block: ParameterBlock, memory: NodeMemory,
    rule: any OptimizerRule
  ) throws {
    self.executors = executors
    self.pool = pool
    self.block = block
    takesPasses = rule is Muon || executors[0].quantizedWeights != nil
    let plan = executors[0].plan
    parts = UpdatePart.parts(plan.stages)
    let tensors = rule is Muon ? plan.tensors.compactMap(\.weight) : []
    matrices = try MuonUpdate(tensors.filter { $0.offset >= executors[0].frozenCount }) {
      try memory.allocate($0)
    }
  }

  /// Updates `rest`, the parts that have not been before: all where an update takes several passes.
  func run(_ rest: [UpdatePart], _ step: OptimizerStep) {
    if let muon = step.muon {
      updateMatrices(step, muon)
    } else {
      forEach(rest) { [block] in $0.update($1, block, step) }
    }
    // A scale needs all of an output's new weights, which are parts of several updates.
    if executors[0].quantizedWeights != nil { pack() } else { copyWeights() }
  }

  /// Hands the block's parameters to all stages.
  func pack() {
    if executors[0].quantizedWeights != nil {
      pool.run(executors[0].plan.stages.count) { [executors, block] _, stage in
        executors[0].quantizeWeights(of: stage, block)
      }
    }
    forEach(parts) { [block] in $0.pack($1, block) }
    copyWeights()
  }

  private func forEach(
    _ parts: [UpdatePart], _ body: @escaping (Executor, UpdatePart) -> Void
  ) {
    pool.run(parts.count) { [executors] _, index in body(executors[0], parts[index]) }
  }

  /// Weights, not parts of them, in the middle of the step.
  private func updateMatrices(_ step: OptimizerStep, _ muon: MuonStep) {
    forEach(parts) { [block] in $0.gatherGradient($1, block) }
    matrices.step(
      muon, executors[0].kernels,
      piece: { [block] in block.piece(of: $0, $0.offset, $0.count) },
      run: pool.run)
    forEach(parts) { [block] in $0.updateRest($1, block, step) }
  }

  /// Refreshes the other nodes' replicas; the tasks of a node stand where its workers begin.
  private func copyWeights() {
    guard executors.count > 1 else { return }
    let stageCount = executors[0].states.count
    pool.run(executors.count * stageCount) { [executors] _, task in
      let (node, stage) = task.quotientAndRemainder(dividingBy: stageCount)
      guard node > 0 else { return }
      executors[node].states[stage].copyWeights(from: executors[0].states[stage])
    }
  }
}
