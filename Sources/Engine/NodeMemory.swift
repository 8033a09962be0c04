// Allocates a session's buffers, each on the node whose workers use it most.

import KernelTypes
import Memory

/// Owner of buffers for minibatches of up to `shardCapacity` shards.
final class NodeMemory: @unchecked Sendable {
  let binding: any WorkerBinding
  let map: NodeMap
  let shardCapacity: Int
  /// Shards of a full minibatch that this process runs.
  private let ownShards: Range<Int>
  private var buffers: [AlignedBuffer] = []

  init(
    _ binding: any WorkerBinding, workerCount: Int, shardCapacity: Int, ownShards: Range<Int>
  ) {
    self.binding = binding
    map = NodeMap(binding, workerCount: workerCount)
    self.shardCapacity = shardCapacity
    self.ownShards = ownShards
  }

  /// `count` zeros on a node.
  func allocate(_ count: Int, onNode node: Int = 0) throws -> MutableFloatPointer {
    keep(try AlignedBuffer(count: count, node: binding.memoryNode(of: node)))
  }

  /// `count` zeros for each shard; each node has those of the shards that its workers claim first.
  func allocateByShard(_ count: Int) throws -> MutableFloatPointer {
    let buffer = try AlignedBuffer(
      count: shardCapacity * count, node: binding.memoryNode(of: 0))
    for node in 1..<max(map.nodeCount, 1) {
      guard let memoryNode = binding.memoryNode(of: node) else { continue }
      let shards = map.range(of: node, count: ownShards.count)
      let first = (ownShards.lowerBound + shards.lowerBound) * count
      buffer.place(first..<first + shards.count * count, onNode: memoryNode)
    }
    return keep(buffer)
  }

  private func keep(_ buffer: AlignedBuffer) -> MutableFloatPointer {
    buffers.append(buffer)
    if let reason = buffer.placementFailure { binding.report(reason) }
    return buffer.pointer
  }
}
