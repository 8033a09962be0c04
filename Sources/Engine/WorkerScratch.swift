// Memory that one worker uses while it runs a shard's task; nothing in it outlives the task.

import KernelTypes

/// Buffers large enough for every unit of a plan; contents are whatever the last task left.
struct WorkerScratch: @unchecked Sendable {
  /// Padded inputs of a call's images.
  let x: MutableFloatPointer
  /// Padded output gradients of a call's images.
  let dz: MutableFloatPointer
  /// Input gradients of a call's images.
  let dx: MutableFloatPointer
  /// Full-size activations of a call's images, for recomputed units.
  let z: MutableFloatPointer
  let conv: MutableFloatPointer
  /// Sum of a shard's weight gradient over its calls.
  let accumulator: MutableFloatPointer
  let mask: MutableFloatPointer
  /// A shard's worth of the widest vector: masks by row, losses by row.
  let rows: MutableFloatPointer
  let augmentation: MutableFloatPointer

  /// The memory outlives the scratch.
  init(
    _ states: [UnitState], augmentationCount: Int, memory: NodeMemory, onNode node: Int
  ) throws {
    func most(_ size: (UnitState) -> Int) -> Int { aligned(states.map(size).max() ?? 0) }
    let sizes = [
      most { $0.storage.imageGroup * $0.unit.geometry.inputCount },
      most {
        $0.isFused || $0.isAffine || $0.fusesOutputGradient
          ? 0 : $0.storage.imageGroup * $0.unit.geometry.outputGradientCount
      },
      most { $0.storage.imageGroup * $0.unit.geometry.inputGradientCount },
      most { $0.storage.imageGroup * $0.unit.geometry.outputCount },
      most { $0.storage.scratch },
      most { $0.storage.accumulator },
      most { max($0.pooledCount, $0.unit.lanes) },
      most { shardSize * $0.unit.lanes },
      aligned(augmentationCount),
    ]
    let base = try memory.allocate(sizes.reduce(0, +), onNode: node)
    var pointers: [MutableFloatPointer] = []
    var offset = 0
    for size in sizes {
      pointers.append(base + offset)
      offset += size
    }
    (x, dz, dx, z) = (pointers[0], pointers[1], pointers[2], pointers[3])
    (conv, accumulator, mask, rows) = (pointers[4], pointers[5], pointers[6], pointers[7])
    augmentation = pointers[8]
  }
}
