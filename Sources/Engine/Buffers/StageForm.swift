// What a set of kernels makes of a stage: which passes it joins, and how many floats each part takes.

import PTrainKernelTypes

/// A stage as the kernels compute it; sizes, no memory.
struct StageForm: Sendable {
  let stage: Stage
  let storage: ConvStorage
  /// Whether the kernels compute the whole stage in one pass over the image.
  let isFused: Bool
  /// Whether neither the activation nor its gradient is stored: the reader makes both.
  let isAffine: Bool
  /// Whether the gradient of the convolution's output is made inside its backward pass.
  let fusesOutputGradient: Bool
  /// Floats of one sample's full-size and pooled activation.
  let activationCount: Int
  let pooledCount: Int
  let slotLayout: SlotLayout
  let sharding: Sharding
  /// Most samples of a kernel call.
  let callSize: Int

  init(_ stage: Stage, kernels: any KernelSet, sharding: Sharding) {
    self.stage = stage
    self.sharding = sharding
    storage = Self.storage(stage, kernels)
    isAffine = stage.isAffine && kernels.fusesAffineStage(stage.geometry)
    slotLayout = SlotLayout(stage, storage, isAffine: isAffine)
    let shape = stage.value.shape(rows: 1)
    fusesOutputGradient =
      stage.isConvolution && kernels.fusesOutputGradient(stage.geometry, shape)
    isFused = stage.isConvolution && kernels.fusesFirstStage(stage.geometry, shape)
    activationCount = shape.count
    pooledCount = shape.pooledCount
    callSize =
      stage.value.isVector || stage.work == .relayout ? sharding.leafSize : storage.imageGroup
  }

  private static func storage(_ stage: Stage, _ kernels: any KernelSet) -> ConvStorage {
    var (count, images) = (0, 0)
    if stage.hasTiles { return kernels.convStorage(stage.geometry) }
    if case .depthwise(let window) = stage.work {
      count = window.weightCount
      images = window.paddedCount / window.blocks * window.blocksInCache
    }
    return ConvStorage(
      forwardWeights: count, backwardWeights: 0, accumulator: count, weightGradient: count,
      scratch: 0, imageGroup: 1, forwardCall: count + images, backwardCall: 2 * count + 3 * images)
  }

  /// Leaves of a task whose weight gradients are summed at the same time, those of a call.
  var leavesInFlight: Int {
    min(max(callSize / sharding.leafSize, 1), sharding.leavesPerShard)
  }

  /// Floats from a leaf's accumulator to the next one's.
  var accumulatorStride: Int { aligned(storage.accumulator) }

  /// Floats of packed weights of both directions.
  var weightCount: Int { aligned(storage.forwardWeights) + aligned(storage.backwardWeights) }

  /// Floats of a slot of the weight gradient; none of an affine stage's.
  var weightGradientCount: Int { isAffine ? 0 : slotLayout.weightGradient.count }
}
