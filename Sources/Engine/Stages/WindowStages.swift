// Work on windows of each channel by itself: depthwise convolutions and pools.
// Forward and backward of each stand together.

import PTrainKernelTypes
import PTrainNetworks

extension Executor {
  // MARK: Depthwise convolution

  func forwardDepthwise(
    _ state: StageState, _ window: WindowGeometry, _ place: Int, _ task: ShardTask,
    z: MutableFloatPointer
  ) {
    let source = source(of: state.stage)
    let mask = imageMask(source, place, task)
    forEachPart(of: 0..<window.blocks, size: window.blocksInCache) { blocks in
      let (first, part) = (blocks.lowerBound, window.withBlocks(blocks.count))
      readBlocks(blocks, source, place, mask, padding: window.padding, to: task.scratch.x)
      kernels.depthwiseForward(
        part, x: task.scratch.x,
        weights: state.forwardWeights + first * window.taps * channelLanes,
        z: z + first * state.stage.value.pixels * channelLanes)
    }
  }

  func backwardDepthwise(
    _ state: StageState, _ window: WindowGeometry, _ place: Int, _ task: ShardTask
  ) {
    let read = reads[state.stage.reads.lowerBound]
    let mask = imageMask(states[read.source], place, task)
    let accumulator = accumulator(state, place, task)
    let (x, dz, dx) = (task.scratch.x, task.scratch.dz, task.scratch.dx)
    forEachPart(of: 0..<window.blocks, size: window.blocksInCache) { blocks in
      let part = window.withBlocks(blocks.count)
      let weights = blocks.lowerBound * window.taps * channelLanes
      readBlocks(blocks, states[read.source], place, mask, padding: window.padding, to: x)
      differentiateBlocks(
        blocks, state, state.stage.value.shape(rows: 1),
        part.convolution(channels: blocks.count * channelLanes), place, z: state.z(place), to: dz)
      kernels.depthwiseBackward(
        part, x: x, dz: dz, weights: state.forwardWeights + weights,
        accumulator: accumulator + weights, dx: dx)
      returnBlocks(blocks, read, place, mask, dx: dx)
    }
  }

  // MARK: Pools

  /// A pool over the whole map leaves vectors: each image's result goes to its row.
  func forwardPool(
    _ state: StageState, _ kind: PoolKind, _ window: WindowGeometry, _ places: Range<Int>,
    _ task: ShardTask, z: MutableFloatPointer
  ) {
    let source = source(of: state.stage)
    for (row, place) in places.enumerated() {
      let isVector = state.stage.value.isVector
      let target = isVector ? task.scratch.z : z + row * state.activationCount
      read(source, place..<place + 1, task, to: task.scratch.x)
      switch kind {
      case .maximum: kernels.maximumForward(window, x: task.scratch.x, z: target)
      case .average: kernels.averageForward(window, x: task.scratch.x, z: target)
      }
      if isVector { scatter(target, row, places.count, window.outputCount, to: z) }
    }
  }

  func backwardPool(
    _ state: StageState, _ kind: PoolKind, _ window: WindowGeometry, _ places: Range<Int>,
    _ task: ShardTask
  ) {
    let read = reads[state.stage.reads.lowerBound]
    let dz = outputGradient(state, places, task)
    for (row, place) in places.enumerated() {
      let (imageDz, imageZ) = pooledGradient(state, window, row, places, task, dz: dz)
      switch kind {
      case .maximum:
        self.read(states[read.source], place..<place + 1, task, to: task.scratch.x)
        kernels.maximumBackward(
          window, x: task.scratch.x, z: imageZ, dz: imageDz, dx: task.scratch.dx)
      case .average: kernels.averageBackward(window, dz: imageDz, dx: task.scratch.dx)
      }
      returnGradient(read, place..<place + 1, task, dx: task.scratch.dx)
    }
  }

  /// One image's output gradient and output.
  private func pooledGradient(
    _ state: StageState, _ window: WindowGeometry, _ row: Int, _ places: Range<Int>,
    _ task: ShardTask, dz: MutableFloatPointer
  ) -> (dz: FloatPointer, z: FloatPointer) {
    let z = state.z(places.lowerBound)
    guard state.stage.value.isVector else {
      let offset = row * state.activationCount
      return (FloatPointer(dz + offset), FloatPointer(z + offset))
    }
    let count = window.outputCount
    gather(dz, row, places.count, count, to: task.scratch.z)
    gather(z, row, places.count, count, to: task.scratch.z + count)
    return (FloatPointer(task.scratch.z), FloatPointer(task.scratch.z + count))
  }
}

extension WindowGeometry {
  /// Blocks whose padded inputs are at most 16 KB together, or one: taken through all passes before the next ones, they
  /// stay in the L1 cache, and small maps are not passes over a few vectors each.
  var blocksInCache: Int { min(max(4096 * blocks / paddedCount, 1), blocks) }
}
