// Buffers of one stage: its value by sample, partial sums by leaf, constants by channel.
// Allocated once, for the largest minibatch; a step allocates nothing.

import PTrainKernelTypes

/// Memory of one stage for minibatches of up to `sampleCapacity` samples.
///
/// Sample `i` of a minibatch has its place at `i` times the per-sample count; a leaf's vectors start at
/// its first sample's place and are laid out `[blocks, rows, 16]` from there. Plain pointers into
/// buffers that the executor owns, so that workers copy it without counting references.
struct StageState: @unchecked Sendable {
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
  /// Floats from a leaf's accumulator to the next one's.
  let accumulatorStride: Int
  /// Of the weight gradient; none of an affine stage's.
  let gradientSlots: GradientSlots

  private let activations: MutableFloatPointer
  private let pooled: MutableFloatPointer
  private let outputGradients: MutableFloatPointer
  private let keptBits: MutableFloatPointer
  private let slots: MutableFloatPointer
  private var weights: MutableFloatPointer
  private var channels: MutableFloatPointer
  /// Sums over all shards, by `slotLayout`.
  let sums: MutableFloatPointer

  /// The memory outlives the state.
  init(_ stage: Stage, kernels: any KernelSet, memory: NodeMemory) throws {
    self.stage = stage
    storage = Self.storage(stage, kernels)
    isAffine = stage.isAffine && kernels.fusesAffineStage(stage.geometry)
    slotLayout = SlotLayout(stage, storage, isAffine: isAffine)
    let value = stage.value
    let shape = value.shape(rows: 1)
    fusesOutputGradient =
      stage.isConvolution && kernels.fusesOutputGradient(stage.geometry, shape)
    isFused = stage.isConvolution && kernels.fusesFirstStage(stage.geometry, shape)
    activationCount = shape.count
    pooledCount = shape.pooledCount
    sharding = memory.sharding
    let shardSize = sharding.shardSize
    callSize =
      value.isVector || stage.work == .relayout ? sharding.leafSize : storage.imageGroup
    accumulatorStride = aligned(storage.accumulator)
    activations = try memory.allocateByShard(
      stage.isRecomputed || isAffine ? 0 : shardSize * activationCount)
    pooled = value.window > 1 ? try memory.allocateByShard(shardSize * pooledCount) : activations
    outputGradients = try memory.allocateByShard(isAffine ? 0 : shardSize * pooledCount)
    keptBits = try memory.allocateByShard(
      value.view.dropout == nil ? 0 : shardSize * dropoutWordCount(value.dropoutCount))
    gradientSlots = try GradientSlots(
      count: isAffine ? 0 : slotLayout.weightGradient.count, memory: memory)
    slots = try memory.allocateByShard(sharding.leavesPerShard * slotLayout.slotCount)
    weights = try memory.allocate(Self.weightCount(storage))
    channels = try memory.allocate(Self.channelCount(stage))
    sums = try memory.allocate(slotLayout.count)
    if !value.view.hasNorm { makeIdentity() }
  }

  /// Leaves of a task whose weight gradients are summed at the same time, those of a call.
  var leavesInFlight: Int {
    min(max(callSize / sharding.leafSize, 1), sharding.leavesPerShard)
  }

  /// Whether the backward pass of its norm needs the whole minibatch.
  var hasBackwardNorm: Bool { stage.value.view.hasNorm && !isAffine }

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

  private static func weightCount(_ storage: ConvStorage) -> Int {
    aligned(storage.forwardWeights) + aligned(storage.backwardWeights)
  }

  private static func channelCount(_ stage: Stage) -> Int {
    ChannelVector.allCases.count * stage.value.lanes
  }

  /// Without a norm the view's affine map and that of the gradient change nothing.
  private func makeIdentity() {
    self[.scale].update(repeating: 1, count: stage.value.channels)
    self[.gain].update(repeating: 1, count: stage.value.channels)
  }

  // MARK: Replicas

  /// The same stage with weights and channel vectors of its own on a node.
  func replica(in memory: NodeMemory, onNode node: Int) throws -> StageState {
    var replica = self
    replica.weights = try memory.allocate(Self.weightCount(storage), onNode: node)
    replica.channels = try memory.allocate(Self.channelCount(stage), onNode: node)
    return replica
  }

  func copyWeights(from state: StageState) {
    weights.update(from: state.weights, count: Self.weightCount(storage))
    copyChannels(from: state)
  }

  func copyChannels(from state: StageState) {
    channels.update(from: state.channels, count: Self.channelCount(stage))
  }

  // MARK: By sample

  /// Stored full-size activation; not for recomputed stages.
  func z(_ sample: Int) -> MutableFloatPointer { activations + sample * activationCount }

  /// What readers read: the pooled activation, or the full one without pooling.
  func s(_ sample: Int) -> MutableFloatPointer { pooled + sample * pooledCount }

  /// Gradient of the value at the norm's output, behind mask and activation; pooled size.
  func dy(_ sample: Int) -> MutableFloatPointer { outputGradients + sample * pooledCount }

  /// Which elements of a sample dropout keeps, as `dropoutBits` writes them.
  func dropoutBits(_ sample: Int) -> UnsafeMutablePointer<UInt32> {
    UnsafeMutableRawPointer(keptBits + sample * dropoutWordCount(stage.value.dropoutCount))
      .assumingMemoryBound(to: UInt32.self)
  }

  // MARK: By leaf

  /// The partial sums of a sample's leaf.
  func slot(_ sample: Int) -> MutableFloatPointer {
    slots + sample / sharding.leafSize * slotLayout.slotCount
  }

  func statistics(_ sample: Int) -> MutableFloatPointer {
    slot(sample) + slotLayout.statistics.lowerBound
  }

  func backwardSums(_ sample: Int) -> MutableFloatPointer {
    slot(sample) + slotLayout.backwardSums.lowerBound
  }

  func biasGradient(_ sample: Int) -> MutableFloatPointer {
    slot(sample) + slotLayout.biasGradient.lowerBound
  }

  // MARK: Weights and channel vectors

  var forwardWeights: MutableFloatPointer { weights }
  var backwardWeights: MutableFloatPointer? {
    storage.backwardWeights == 0 ? nil : weights + aligned(storage.forwardWeights)
  }

  subscript(vector: ChannelVector) -> MutableFloatPointer {
    channels + vector.rawValue * stage.value.lanes
  }

  /// Constants for producing `s`: pooling needs only the sign of the scale, which gamma has before
  /// the statistics of the minibatch are known.
  var producerConstants: ChannelConstants {
    constants(scale: stage.value.view.hasNorm ? .gamma : .scale)
  }

  /// Constants for reading `s`.
  var consumerConstants: ChannelConstants { constants(scale: .scale) }

  private func constants(scale: ChannelVector) -> ChannelConstants {
    ChannelConstants(
      bias: stage.hasBias ? FloatPointer(self[.bias]) : nil, scale: self[scale],
      shift: self[.shift], mean: self[.mean], reluBefore: stage.reluBefore,
      after: stage.value.view.activation)
  }

  var gradientFactors: GradientFactors {
    GradientFactors(gain: self[.gain], k0: self[.k0], k1: self[.k1])
  }
}

/// Per-channel values of a stage, `lanes` Floats each.
enum ChannelVector: Int, CaseIterable {
  case bias, gamma, scale, shift, mean, inverseDeviation, gain, k0, k1
}
