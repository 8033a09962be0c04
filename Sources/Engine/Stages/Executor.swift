// Runs stages over shards: the compiled form of a network with its memory.
// Everything here is work on one shard; who calls it in which order is the trainer's business.

import PTrainKernelTypes
import PTrainMemory
import PTrainNetworks

/// How a pass treats dropout and statistics.
enum PassMode: Sendable {
  case training
  /// Sums for the BN statistics of other weights than those that trained: no dropout.
  case statistics
  case evaluation

  /// Whether images are those of training: augmented, and BN sums over them.
  var readsTrainingImages: Bool { self != .evaluation }
}

/// A plan with buffers for minibatches of up to `sampleCapacity` samples, as the workers of one node
/// see it: nodes share everything but scratch, packed weights and channel vectors.
final class Executor: @unchecked Sendable {
  let plan: Plan
  let kernels: any KernelSet
  let states: [StageState]
  /// The plan's, where workers read them without counting references.
  let reads: UnsafePointer<Read>
  /// One a worker of the pool.
  let scratch: [WorkerScratch]
  let sampleCapacity: Int
  let seed: UInt64
  let labelSmoothing: Float
  /// One a class; empty where every sample counts the same.
  let classWeights: [Float]
  /// Values at the block's start that training leaves as they are.
  let frozenCount: Int
  /// The weights as 8-bit numbers, at their places in the block; nil where stages read the block's own.
  let quantizedWeights: MutableFloatPointer?
  /// Nil where training images are used as they are.
  let augmentation: ImageAugmentation?
  let results: ShardResults
  /// Samples of one pass of an evaluation, whole shards: 2,048, fewer where the logits would be very many.
  let evaluationSampleCount: Int
  /// What the states point into.
  private let memory: NodeMemory

  init(
    plan: Plan, kernels: any KernelSet, sampleCapacity: Int, workerCount: Int, seed: UInt64,
    recipe: Recipe, classWeights: [Float], memory: NodeMemory
  ) throws {
    self.plan = plan
    self.kernels = kernels
    self.sampleCapacity = sampleCapacity
    self.seed = seed
    labelSmoothing = Float(recipe.labelSmoothing)
    self.classWeights = classWeights
    frozenCount = try plan.network.frozenCount(recipe)
    self.memory = memory
    let sharding = memory.sharding
    let forms = plan.stages.map { StageForm($0, kernels: kernels, sharding: sharding) }
    let layout = ValueLayout(plan, forms)
    let values = try memory.allocateByShard(layout.count)
    let waiting = Self.waitingSums(plan, forms, memory)
    states = try forms.indices.map {
      try StageState(
        forms[$0], values: values, places: layout.places[$0], valueStride: layout.count,
        waitingOffset: waiting.offsets[$0], memory: memory)
    }
    reads = Self.copy(plan.reads)
    quantizedWeights =
      plan.network.isQuantizing ? try memory.allocate(plan.network.layout.count) : nil
    evaluationSampleCount =
      Sharding.mostSamples * max(1, min(256, (1 << 21) / plan.network.classCount))
    let leafCount =
      sharding.leavesPerShard
      * max(memory.shardCapacity, sharding.shardCount(evaluationSampleCount))
    results = ShardResults(
      try memory.allocate(ShardResults.count(leafCount: leafCount)), leafCount: leafCount,
      leavesPerShard: sharding.leavesPerShard)
    let input = plan.network.input
    augmentation =
      recipe.augment.isEmpty
      ? nil
      : try ImageAugmentation(
        recipe.augment, seed: seed,
        shape: ImageShape(height: input.height, width: input.width, channels: input.channels),
        memory: memory)
    let augmentationCount = augmentation?.scratchCount ?? 0
    scratch = try (0..<workerCount).map { worker in
      try WorkerScratch(
        forms, plan: plan, waitingCount: waiting.count, augmentationCount: augmentationCount,
        memory: memory, worker: worker)
    }
  }

  /// Where the stages' waiting sums stand in a worker's: those of a backward phase side by side.
  private static func waitingSums(
    _ plan: Plan, _ forms: [StageForm], _ memory: NodeMemory
  ) -> ArenaPlan {
    var phases = [Int](repeating: 0, count: forms.count)
    for (phase, stages) in plan.schedule.backward.enumerated() {
      for stage in stages { phases[stage] = phase }
    }
    return ArenaPlan(
      zip(forms, phases).map { form, phase in
        ArenaBuffer(
          count: GradientSlots.waitingCount(form.weightGradientCount, memory),
          lifetime: phase...phase)
      }, alignment: channelLanes)
  }

  /// The same minibatch as another node sees it.
  init(replicaOf executor: Executor, onNode node: Int) throws {
    plan = executor.plan
    kernels = executor.kernels
    states = try executor.states.map { try $0.replica(in: executor.memory, onNode: node) }
    reads = Self.copy(plan.reads)
    scratch = executor.scratch
    sampleCapacity = executor.sampleCapacity
    seed = executor.seed
    labelSmoothing = executor.labelSmoothing
    classWeights = executor.classWeights
    frozenCount = executor.frozenCount
    quantizedWeights = executor.quantizedWeights
    augmentation = executor.augmentation
    results = executor.results
    evaluationSampleCount = executor.evaluationSampleCount
    memory = executor.memory
  }

  deinit { reads.deallocate() }

  private static func copy(_ reads: [Read]) -> UnsafePointer<Read> {
    let pointer = UnsafeMutablePointer<Read>.allocate(capacity: reads.count)
    pointer.initialize(from: reads, count: reads.count)
    return UnsafePointer(pointer)
  }
}

/// One shard of a minibatch on one worker.
struct ShardTask {
  let batch: Minibatch
  let mode: PassMode
  /// Whose buffers are used.
  let shard: Int
  /// Whose samples they are; the same but in evaluations.
  let resultShard: Int
  let scratch: WorkerScratch

  init(
    batch: Minibatch, mode: PassMode, shard: Int, resultShard: Int? = nil, scratch: WorkerScratch
  ) {
    self.batch = batch
    self.mode = mode
    self.shard = shard
    self.resultShard = resultShard ?? shard
    self.scratch = scratch
  }

  var places: Range<Int> { batch.places(ofShard: shard) }

  var leafCount: Int { partCount(places.count, of: batch.sharding.leafSize) }

  /// The leaf of a place among those of the task.
  func leaf(_ place: Int) -> Int {
    (place - shard * batch.sharding.shardSize) / batch.sharding.leafSize
  }

  func sample(at place: Int) -> UInt32 { batch.samples[place] }
}
