// Work on several values: sums, channels side by side, factors.
// Forward and backward of each stand together; a call takes one image, or a shard's vectors.

import PTrainKernelTypes

extension Executor {
  // MARK: Sum

  func forwardSum(
    _ stage: Stage, _ places: Range<Int>, _ task: ShardTask, z: MutableFloatPointer
  ) {
    let first = stage.reads.lowerBound
    read(states[reads[first].source], places, task, to: z)
    for place in stage.reads.dropFirst() {
      let source = states[reads[place].source]
      if source.stage.value.view.dropout == nil {
        addPlain(source, places, to: z)
      } else {
        read(source, places, task, to: task.scratch.x)
        kernels.add(count: callCount(stage, places), task.scratch.x, to: z)
      }
    }
  }

  /// Adds a value without dropout.
  private func addPlain(
    _ source: StageState, _ places: Range<Int>, to z: MutableFloatPointer
  ) {
    let value = source.stage.value
    let shape = value.shape(rows: places.count)
    for image in 0..<(value.isVector ? 1 : places.count) {
      kernels.addInput(
        shape, source.consumerConstants, s: source.s(places.lowerBound + image),
        x: z + image * shape.pooledCount)
    }
  }

  func backwardSum(_ state: StageState, _ places: Range<Int>, _ task: ShardTask) {
    let dz = outputGradient(state, places, task)
    for place in state.stage.reads { returnGradient(reads[place], places, task, dx: dz) }
  }

  // MARK: Concatenation

  func forwardConcatenation(
    _ stage: Stage, _ places: Range<Int>, _ task: ShardTask, z: MutableFloatPointer
  ) {
    let pixels = pixelCount(stage, places)
    var offset = 0
    for place in stage.reads {
      let source = states[reads[place].source]
      let channels = source.stage.value.channels
      let inPlace = isWhole(channels, at: offset)
      let x = inPlace ? z + offset * pixels : task.scratch.x
      read(source, places, task, to: x)
      if !inPlace {
        kernels.insertChannels(channels: channels, pixels: pixels, x: x, offset: offset, z: z)
      }
      offset += channels
    }
  }

  func backwardConcatenation(_ state: StageState, _ places: Range<Int>, _ task: ShardTask) {
    let pixels = pixelCount(state.stage, places)
    let dz = outputGradient(state, places, task)
    var offset = 0
    for place in state.stage.reads {
      let channels = states[reads[place].source].stage.value.channels
      let inPlace = isWhole(channels, at: offset)
      let dx = inPlace ? dz + offset * pixels : task.scratch.dx
      if !inPlace {
        kernels.extractChannels(channels: channels, pixels: pixels, z: dz, offset: offset, x: dx)
      }
      returnGradient(reads[place], places, task, dx: dx)
      offset += channels
    }
  }

  /// Whether channels are blocks of what joins them, which then needs no copy.
  private func isWhole(_ channels: Int, at offset: Int) -> Bool {
    channels.isMultiple(of: channelLanes) && offset.isMultiple(of: channelLanes)
  }

  // MARK: Product with factors

  func forwardProduct(
    _ stage: Stage, _ places: Range<Int>, _ task: ShardTask, z: MutableFloatPointer
  ) {
    let factors = readFactors(stage, places, task)
    if factorsAreChannels(stage) {
      kernels.scaleChannels(
        blocks: stage.value.blocks, pixels: pixelCount(stage, places), x: task.scratch.x,
        factors: factors, blockStride: channelLanes, y: z)
    } else {
      kernels.multiply(count: callCount(stage, places), task.scratch.x, factors, z)
    }
  }

  /// `dx = dz · factor`, `dfactor = dz · x`, summed over pixels where a factor is a channel's.
  func backwardFactors(_ state: StageState, _ places: Range<Int>, _ task: ShardTask) {
    let stage = state.stage
    let dz = outputGradient(state, places, task)
    let factors = readFactors(stage, places, task)
    let (x, dx) = (task.scratch.x, task.scratch.dx)
    let count = callCount(stage, places)
    let dFactors = dx + count
    if factorsAreChannels(stage) {
      let pixels = pixelCount(stage, places)
      kernels.scaleChannels(
        blocks: stage.value.blocks, pixels: pixels, x: dz, factors: factors,
        blockStride: channelLanes, y: dx)
      kernels.channelProducts(
        blocks: stage.value.blocks, pixels: pixels, x: x, y: dz, result: dFactors,
        blockStride: channelLanes)
    } else {
      kernels.multiply(count: count, dz, factors, dx)
      kernels.multiply(count: count, dz, x, dFactors)
    }
    let first = stage.reads.lowerBound
    returnGradient(reads[first], places, task, dx: dx)
    returnGradient(reads[first + 1], places, task, dx: dFactors)
  }

  /// Fills the worker's `x` with the first value, and the memory behind it with the factors.
  private func readFactors(
    _ stage: Stage, _ places: Range<Int>, _ task: ShardTask
  ) -> MutableFloatPointer {
    let first = stage.reads.lowerBound
    let factors = task.scratch.x + callCount(stage, places)
    read(states[reads[first].source], places, task, to: task.scratch.x)
    read(states[reads[first + 1].source], places, task, to: factors)
    return factors
  }

  private func factorsAreChannels(_ stage: Stage) -> Bool {
    let factors = states[reads[stage.reads.lowerBound + 1].source].stage.value
    return !stage.value.isVector && factors.pooledPixels != stage.value.pixels
  }

  private func pixelCount(_ stage: Stage, _ places: Range<Int>) -> Int {
    stage.value.isVector ? places.count : stage.value.pixels
  }

  /// Floats of a call's full-size value.
  private func callCount(_ stage: Stage, _ places: Range<Int>) -> Int {
    stage.value.lanes * pixelCount(stage, places)
  }
}
