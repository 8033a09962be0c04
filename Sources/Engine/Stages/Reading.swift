// How a stage sees the values that it reads, and to whom its input gradient goes.
// A reader applies the view (norm, activation, dropout) of what is stored, and hands its gradient back
// through it; forward and backward of each form stand together.

import PTrainKernelTypes
import PTrainNetworks

extension Executor {
  // MARK: Values as they lie

  /// Fills `x` with the maps of `places`, one behind the other, zeros around each; or with the vectors
  /// of a leaf, `[blocks, rows, 16]`.
  func read(
    _ source: StageState, _ places: Range<Int>, _ task: ShardTask, padding: Edges = Edges(0),
    to x: MutableFloatPointer
  ) {
    let value = source.stage.value
    guard !value.isVector else {
      kernels.prepareInput(
        value.shape(rows: places.count), source.consumerConstants,
        s: source.s(places.lowerBound), mask: rowMask(source, places, task), padding: padding,
        x: x)
      return
    }
    let count =
      value.blocks * (value.pooledHeight + padding.top + padding.bottom)
      * (value.pooledWidth + padding.left + padding.right) * channelLanes
    for (image, place) in places.enumerated() {
      readBlocks(
        0..<value.blocks, source, place, imageMask(source, place, task), padding: padding,
        to: x + image * count)
    }
  }

  /// Hands `dx`, laid out as `read` fills an unpadded `x`, to what was read: its `dy` and backward sums.
  func returnGradient(
    _ read: Read, _ places: Range<Int>, _ task: ShardTask, dx: MutableFloatPointer
  ) {
    let source = states[read.source]
    let value = source.stage.value
    guard !value.isVector else {
      kernels.inputGradient(
        value.shape(rows: places.count), source.consumerConstants,
        s: source.s(places.lowerBound), mask: rowMask(source, places, task), dx: dx,
        dy: source.dy(places.lowerBound), sums: source.backwardSums(places.lowerBound),
        accumulates: read.accumulates)
      return
    }
    for (image, place) in places.enumerated() {
      returnBlocks(
        0..<value.blocks, read, place, imageMask(source, place, task),
        dx: dx + image * source.pooledCount)
    }
  }

  // MARK: Blocks of a map

  /// `read` for some blocks of a place's map, with the mask of all.
  func readBlocks(
    _ blocks: Range<Int>, _ source: StageState, _ place: Int, _ mask: FloatPointer?,
    padding: Edges, to x: MutableFloatPointer
  ) {
    let offset = blocks.lowerBound * source.stage.value.pooledPixels * channelLanes
    kernels.prepareInput(
      source.stage.value.shape(rows: 1).withBlocks(blocks.count),
      source.consumerConstants.from(block: blocks.lowerBound), s: source.s(place) + offset,
      mask: mask.map { $0 + offset }, padding: padding, x: x)
  }

  /// `returnGradient` for some blocks of a place's map, with the mask of all.
  func returnBlocks(
    _ blocks: Range<Int>, _ read: Read, _ place: Int, _ mask: FloatPointer?,
    dx: MutableFloatPointer
  ) {
    let source = states[read.source]
    let offset = blocks.lowerBound * source.stage.value.pooledPixels * channelLanes
    kernels.inputGradient(
      source.stage.value.shape(rows: 1).withBlocks(blocks.count),
      source.consumerConstants.from(block: blocks.lowerBound), s: source.s(place) + offset,
      mask: mask.map { $0 + offset }, dx: dx, dy: source.dy(place) + offset,
      sums: source.backwardSums(place) + 2 * blocks.lowerBound * channelLanes,
      accumulates: read.accumulates)
  }

  // MARK: The image

  /// The normalised, padded image of a place, channels interleaved.
  func loadImage(
    _ place: Int, _ task: ShardTask, padding: Edges, to plane: MutableFloatPointer
  ) {
    let source = task.batch.source
    var pixels = source.image(Int(task.sample(at: place)))
    guard source.pixelType == .byte else {
      return copyImage(pixels, source.shape, padding: padding, to: plane)
    }
    if task.mode.readsTrainingImages, let augmentation { pixels = augmentation.image(place) }
    kernels.normalize(
      source.shape, padding: padding, pixels: pixels, gains: source.gains,
      offsets: source.offsets, plane: plane)
  }

  /// The same of floats, which are normalised already.
  private func copyImage(
    _ pixels: UnsafePointer<UInt8>, _ shape: ImageShape, padding: Edges,
    to plane: MutableFloatPointer
  ) {
    let width = shape.width * shape.channels
    let left = padding.left * shape.channels
    let rowFloats = left + width + padding.right * shape.channels
    plane.update(
      repeating: 0, count: (padding.top + shape.height + padding.bottom) * rowFloats)
    let rowBytes = width * MemoryLayout<Float>.size
    for y in 0..<shape.height {
      UnsafeMutableRawPointer(plane + (y + padding.top) * rowFloats + left).copyMemory(
        from: pixels + y * rowBytes, byteCount: rowBytes)
    }
  }

  // MARK: What a convolution reads

  /// Fills the worker's `x` with the padded inputs of `places`.
  func prepareConvolution(_ stage: Stage, _ places: Range<Int>, _ task: ShardTask) {
    let read = reads[stage.reads.lowerBound]
    let geometry = stage.geometry
    guard read.source >= 0 else {
      for (image, place) in places.enumerated() {
        loadImage(
          place, task, padding: geometry.padding, to: task.scratch.x + image * geometry.inputCount)
      }
      return
    }
    let source = states[read.source]
    if source.isAffine {
      prepareAffineInput(stage, source, places, task)
    } else {
      self.read(source, places, task, padding: geometry.padding, to: task.scratch.x)
    }
  }

  /// Hands the worker's `dx` of `places` down.
  func returnConvolution(_ stage: Stage, _ places: Range<Int>, _ task: ShardTask) {
    let read = reads[stage.reads.lowerBound]
    guard read.source >= 0 else { return }
    if states[read.source].isAffine {
      returnAffineGradient(stage, states[read.source], places, task)
    } else {
      returnGradient(read, places, task, dx: task.scratch.dx)
    }
  }

  // MARK: What a dense layer reads

  /// Fills the worker's `x` with the features of a leaf, `[blocks, rows, 16]`.
  func prepareDense(_ stage: Stage, _ places: Range<Int>, _ task: ShardTask) {
    let read = reads[stage.reads.lowerBound]
    guard read.source >= 0 else { return prepareImageFeatures(stage, places, task) }
    let source = states[read.source]
    if source.stage.value.isVector {
      self.read(source, places, task, to: task.scratch.x)
    } else if source.stage.value.view.isGloballyPooled {
      prepareMeans(source, places, task)
    } else {
      for (row, place) in places.enumerated() {
        self.read(source, place..<place + 1, task, to: task.scratch.z)
        scatter(task.scratch.z, row, places.count, source.pooledCount, to: task.scratch.x)
      }
    }
  }

  func returnDense(_ stage: Stage, _ places: Range<Int>, _ task: ShardTask) {
    let read = reads[stage.reads.lowerBound]
    guard read.source >= 0 else { return }
    let source = states[read.source]
    if source.stage.value.isVector {
      returnGradient(read, places, task, dx: task.scratch.dx)
    } else if source.stage.value.view.isGloballyPooled {
      returnMeans(read, places, task)
    } else {
      for (row, place) in places.enumerated() {
        gather(task.scratch.dx, row, places.count, source.pooledCount, to: task.scratch.z)
        returnGradient(read, place..<place + 1, task, dx: task.scratch.z)
      }
    }
  }

  private func prepareMeans(_ source: StageState, _ places: Range<Int>, _ task: ShardTask) {
    for (row, place) in places.enumerated() {
      kernels.averagePool(
        source.stage.value.shape(rows: 1), source.consumerConstants, s: source.s(place),
        means: task.scratch.x + row * channelLanes, blockStride: places.count * channelLanes)
    }
    applyRowMask(source, places, task, to: task.scratch.x)
  }

  private func returnMeans(_ read: Read, _ places: Range<Int>, _ task: ShardTask) {
    let source = states[read.source]
    applyRowMask(source, places, task, to: task.scratch.dx)
    for (row, place) in places.enumerated() {
      kernels.averagePoolGradient(
        source.stage.value.shape(rows: 1), source.consumerConstants, s: source.s(place),
        dMeans: task.scratch.dx + row * channelLanes,
        blockStride: places.count * channelLanes, dy: source.dy(place),
        sums: source.backwardSums(place), accumulates: read.accumulates)
    }
  }

  /// The image's values channel by channel, as PyTorch flattens it.
  private func prepareImageFeatures(_ stage: Stage, _ places: Range<Int>, _ task: ShardTask) {
    let shape = task.batch.source.shape
    let pixels = shape.height * shape.width
    task.scratch.x.update(repeating: 0, count: stage.geometry(rows: places.count).inputCount)
    for (row, place) in places.enumerated() {
      loadImage(place, task, padding: Edges(0), to: task.scratch.z)
      for pixel in 0..<pixels {
        for channel in 0..<shape.channels {
          let (block, lane) = (channel * pixels + pixel).quotientAndRemainder(
            dividingBy: channelLanes)
          task.scratch.x[(block * places.count + row) * channelLanes + lane] =
            task.scratch.z[pixel * shape.channels + channel]
        }
      }
    }
  }

  // MARK: Vectors in rows

  /// One image's vectors of 16 to a row of `rows [vectors, rowCount, 16]`.
  func scatter(
    _ image: FloatPointer, _ row: Int, _ rowCount: Int, _ count: Int, to rows: MutableFloatPointer
  ) {
    for vector in 0..<count / channelLanes {
      (rows + (vector * rowCount + row) * channelLanes).update(
        from: image + vector * channelLanes, count: channelLanes)
    }
  }

  /// A row's vectors of 16 to one image.
  func gather(
    _ rows: FloatPointer, _ row: Int, _ rowCount: Int, _ count: Int, to image: MutableFloatPointer
  ) {
    for vector in 0..<count / channelLanes {
      (image + vector * channelLanes).update(
        from: rows + (vector * rowCount + row) * channelLanes, count: channelLanes)
    }
  }
}
