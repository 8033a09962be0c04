// Allocates a session's buffers, each on the node whose workers use it most.

import PTrainKernelTypes
import PTrainMemory

/// Memory that was asked for on a node.
package struct MemoryAssignment: @unchecked Sendable {
  /// Valid as long as its session lives.
  package let region: UnsafeRawBufferPointer
  /// The system's number.
  package let node: Int
}

/// Owner of buffers for minibatches of up to `shardCapacity` shards, and for evaluations.
final class NodeMemory: @unchecked Sendable {
  let binding: any WorkerBinding
  let map: NodeMap
  let sharding: Sharding
  let shardCapacity: Int
  /// Shards that there are buffers for: one for each worker that has a CPU, even where a minibatch has
  /// fewer.
  let bufferCount: Int
  /// Shards whose weight gradients share a slot where a layer has many weights; a power of two. Several
  /// nodes or ranks sum what each of them has, shard by shard.
  let groupSize: Int
  let workerCount: Int
  /// Shards of a full minibatch that this process runs.
  private let ownShards: Range<Int>
  private var buffers: [AlignedBuffer] = []
  /// What lies on which node, where there is a choice.
  private(set) var assignments: [MemoryAssignment] = []

  init(
    _ binding: any WorkerBinding, workerCount: Int, cpuCount: Int, sharding: Sharding,
    shardCapacity: Int, ownShards: Range<Int>
  ) {
    self.binding = binding
    map = NodeMap(binding, workerCount: workerCount)
    self.workerCount = workerCount
    self.sharding = sharding
    self.shardCapacity = shardCapacity
    bufferCount = max(shardCapacity, min(workerCount, cpuCount))
    self.ownShards = ownShards
    // Two groups or more a worker, as of shards.
    let most =
      map.nodeCount > 1 || ownShards.count < shardCapacity
      ? 1 : shardCapacity / (2 * sharding.workerCount)
    groupSize = most < 2 ? 1 : 1 << (Int.bitWidth - 1 - most.leadingZeroBitCount)
  }

  /// Groups of a minibatch of `shardCount` shards; the last may hold fewer than `groupSize`.
  func groupCount(shardCount: Int) -> Int { partCount(shardCount, of: groupSize) }

  /// `count` zeros on a node.
  func allocate(_ count: Int, onNode node: Int = 0) throws -> MutableFloatPointer {
    let buffer = try AlignedBuffer(count: count, node: binding.memoryNode(of: node))
    assign(buffer, 0..<count, node)
    return keep(buffer)
  }

  /// `count` zeros for each shard; each node has those of the shards that its workers claim first.
  func allocateByShard(_ count: Int) throws -> MutableFloatPointer {
    let buffer = try AlignedBuffer(
      count: bufferCount * count, node: binding.memoryNode(of: 0))
    for node in 0..<map.nodeCount {
      guard let memoryNode = binding.memoryNode(of: node) else { continue }
      let shards = map.range(of: node, count: ownShards.count)
      let first = (ownShards.lowerBound + shards.lowerBound) * count
      let elements = first..<first + shards.count * count
      if node > 0 { buffer.place(elements, onNode: memoryNode) }
      assign(buffer, elements, node)
    }
    return keep(buffer)
  }

  /// A shard that no other worker is given, on the worker's node; nil where there are too few.
  func shard(of worker: Int) -> Int? {
    guard workerCount <= ownShards.count else { return nil }
    return ownShards.lowerBound + ownShards.count * worker / workerCount
  }

  private func assign(_ buffer: AlignedBuffer, _ elements: Range<Int>, _ node: Int) {
    guard let memoryNode = binding.memoryNode(of: node) else { return }
    let region = UnsafeRawBufferPointer(
      UnsafeMutableBufferPointer(rebasing: buffer.elements[elements]))
    assignments.append(MemoryAssignment(region: region, node: memoryNode))
  }

  private func keep(_ buffer: AlignedBuffer) -> MutableFloatPointer {
    buffers.append(buffer)
    if let reason = buffer.placementFailure { binding.report(reason) }
    return buffer.pointer
  }
}
