// Runs units over shards: the compiled form of a network with its memory.
// Everything here is work on one shard; who calls it in which order is the trainer's business.

import KernelTypes
import Memory

/// How a pass treats dropout and statistics.
enum PassMode: Sendable {
  case training
  case evaluation
}

/// A plan with buffers for minibatches of up to `sampleCapacity` samples and `workerCount` workers.
final class Executor: @unchecked Sendable {
  let plan: Plan
  let kernels: any KernelSet
  let states: [UnitState]
  let scratch: [WorkerScratch]
  let sampleCapacity: Int
  let seed: UInt64
  let labelSmoothing: Float
  let results: ShardResults
  /// What the states point into.
  private let buffers: [AlignedBuffer]

  init(
    plan: Plan, kernels: any KernelSet, sampleCapacity: Int, workerCount: Int, seed: UInt64,
    labelSmoothing: Float = 0
  ) throws {
    self.plan = plan
    self.kernels = kernels
    self.sampleCapacity = sampleCapacity
    self.seed = seed
    self.labelSmoothing = labelSmoothing
    var buffers: [AlignedBuffer] = []
    func allocate(_ count: Int) throws -> MutableFloatPointer {
      buffers.append(try AlignedBuffer(count: count))
      return buffers.last!.pointer
    }
    states = try plan.units.map {
      try UnitState(
        $0, kernels: kernels, sampleCapacity: sampleCapacity, allocate: allocate)
    }
    let shardCount = shardCount(sampleCapacity)
    results = ShardResults(
      try allocate(ShardResults.count(shardCount: shardCount)), shardCount: shardCount)
    self.buffers = buffers
    scratch = try (0..<workerCount).map { [states] _ in try WorkerScratch(states) }
  }
}

/// One shard of a minibatch on one worker.
struct ShardTask {
  let batch: Minibatch
  let mode: PassMode
  let shard: Int
  let scratch: WorkerScratch

  var places: Range<Int> { batch.places(ofShard: shard) }

  func sample(at place: Int) -> UInt32 { batch.samples[place] }
}
