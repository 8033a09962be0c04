// What a unit reads and to whom its input gradient goes: the image, or the unit below it.
// Forward and backward of each case stand together.

import KernelTypes

extension Executor {
  /// Fills the worker's `x` with the padded inputs of `places`.
  func prepareInput(_ index: Int, _ places: Range<Int>, _ task: ShardTask) {
    let unit = states[index].unit
    guard index > 0 else {
      for (image, place) in places.enumerated() {
        loadImage(unit, place, task, to: task.scratch.x + image * unit.geometry.inputCount)
      }
      return
    }
    let source = states[index - 1]
    if source.isAffine {
      prepareAffineInput(unit, source, places, task)
    } else if !unit.isDense {
      prepareSpatialInput(unit, source, places, task)
    } else if source.unit.isDense {
      prepareDenseInput(source, places, task)
    } else {
      preparePooledInput(source, places, task)
    }
  }

  /// Hands the worker's `dx` of `places` down: `dy` and backward sums of the unit below.
  func returnInputGradient(_ index: Int, _ places: Range<Int>, _ task: ShardTask) {
    let unit = states[index].unit
    let source = states[index - 1]
    if source.isAffine {
      returnAffineGradient(unit, source, places, task)
    } else if !unit.isDense {
      returnSpatialGradient(unit, source, places, task)
    } else if source.unit.isDense {
      returnDenseGradient(source, places, task)
    } else {
      returnPooledGradient(source, places, task)
    }
  }

  // MARK: Image

  /// The normalised, padded plane of one image.
  func loadImage(_ unit: Unit, _ place: Int, _ task: ShardTask, to plane: MutableFloatPointer) {
    let source = task.batch.source
    var pixels = source.image(Int(task.sample(at: place)))
    if task.mode == .training, let augmentation { pixels = augmentation.image(place) }
    kernels.normalize(
      height: source.height, width: source.width, padding: unit.geometry.padding,
      pixels: pixels, gain: source.gain, offset: source.offset,
      plane: plane)
  }

  // MARK: Convolution over a convolution's output

  private func prepareSpatialInput(
    _ unit: Unit, _ source: UnitState, _ places: Range<Int>, _ task: ShardTask
  ) {
    for (image, place) in places.enumerated() {
      kernels.prepareInput(
        source.unit.shape(rows: 1), source.consumerConstants, s: source.s(place),
        mask: imageMask(source, place, task), padding: unit.geometry.padding,
        x: task.scratch.x + image * unit.geometry.inputCount)
    }
  }

  private func returnSpatialGradient(
    _ unit: Unit, _ source: UnitState, _ places: Range<Int>, _ task: ShardTask
  ) {
    for (image, place) in places.enumerated() {
      kernels.inputGradient(
        source.unit.shape(rows: 1), source.consumerConstants, s: source.s(place),
        mask: imageMask(source, place, task),
        dx: task.scratch.dx + image * unit.geometry.inputGradientCount, dy: source.dy(place),
        sums: backwardSums(source, task))
    }
  }

  // MARK: Dense over a dense layer's output

  private func prepareDenseInput(_ source: UnitState, _ places: Range<Int>, _ task: ShardTask) {
    kernels.prepareInput(
      source.unit.shape(rows: places.count), source.consumerConstants,
      s: source.s(places.lowerBound), mask: rowMask(source, places, task), padding: 0,
      x: task.scratch.x)
  }

  private func returnDenseGradient(_ source: UnitState, _ places: Range<Int>, _ task: ShardTask) {
    kernels.inputGradient(
      source.unit.shape(rows: places.count), source.consumerConstants,
      s: source.s(places.lowerBound), mask: rowMask(source, places, task), dx: task.scratch.dx,
      dy: source.dy(places.lowerBound), sums: backwardSums(source, task))
  }

  // MARK: Dense over the global average of a convolution's output

  private func preparePooledInput(_ source: UnitState, _ places: Range<Int>, _ task: ShardTask) {
    let blockStride = places.count * channelLanes
    for (row, place) in places.enumerated() {
      kernels.averagePool(
        source.unit.shape(rows: 1), source.consumerConstants, s: source.s(place),
        means: task.scratch.x + row * channelLanes, blockStride: blockStride)
    }
    applyRowMask(source, places, task, to: task.scratch.x)
  }

  private func returnPooledGradient(_ source: UnitState, _ places: Range<Int>, _ task: ShardTask) {
    applyRowMask(source, places, task, to: task.scratch.dx)
    let blockStride = places.count * channelLanes
    for (row, place) in places.enumerated() {
      kernels.averagePoolGradient(
        source.unit.shape(rows: 1), source.consumerConstants, s: source.s(place),
        dMeans: task.scratch.dx + row * channelLanes, blockStride: blockStride,
        dy: source.dy(place), sums: backwardSums(source, task))
    }
  }

  private func backwardSums(_ state: UnitState, _ task: ShardTask) -> MutableFloatPointer {
    state.slot(task.shard) + state.slotLayout.backwardSums.lowerBound
  }
}
