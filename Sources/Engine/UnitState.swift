// Buffers of one unit: activations by sample, partial sums by shard, constants by channel.
// Allocated once, for the largest minibatch; a step allocates nothing.

import KernelTypes

/// Memory of one unit for minibatches of up to `sampleCapacity` samples.
///
/// Sample `i` of a minibatch has its place at `i` times the per-sample count; a dense unit's shard
/// starts at its first sample's place and is laid out `[blocks, rows, 16]` from there. Plain pointers
/// into buffers that the executor owns, so that workers copy it without counting references.
struct UnitState: @unchecked Sendable {
  let unit: Unit
  let storage: ConvStorage
  /// Whether the kernels compute the whole unit in one pass over the image.
  let isFused: Bool
  /// Whether neither the activation nor its gradient is stored: the consumer makes both.
  let isAffine: Bool
  /// Whether the gradient of the convolution's output is made inside its backward pass.
  let fusesOutputGradient: Bool
  /// Floats of one sample's full-size and pooled activation.
  let activationCount: Int
  let pooledCount: Int
  let slotLayout: SlotLayout

  private let activations: MutableFloatPointer
  private let pooled: MutableFloatPointer
  private let outputGradients: MutableFloatPointer
  private let keptBits: MutableFloatPointer
  private let shardSlots: MutableFloatPointer
  private var weights: MutableFloatPointer
  private var channels: MutableFloatPointer
  /// Sums over all shards, laid out like a slot.
  let sums: MutableFloatPointer

  /// The memory outlives the state.
  init(_ unit: Unit, kernels: any KernelSet, memory: NodeMemory) throws {
    self.unit = unit
    storage = kernels.convStorage(unit.geometry)
    isAffine = unit.isAffine && kernels.fusesAffineStage(unit.geometry)
    slotLayout = SlotLayout(unit, storage, isAffine: isAffine)
    let shape = unit.shape(rows: 1)
    fusesOutputGradient = !unit.isDense && kernels.fusesOutputGradient(unit.geometry, shape)
    isFused = !unit.isDense && kernels.fusesFirstStage(unit.geometry, shape)
    activationCount = shape.count
    pooledCount = shape.pooledCount
    activations = try memory.allocateByShard(
      unit.isRecomputed || isAffine ? 0 : shardSize * activationCount)
    pooled = unit.window > 1 ? try memory.allocateByShard(shardSize * pooledCount) : activations
    outputGradients = try memory.allocateByShard(isAffine ? 0 : shardSize * pooledCount)
    keptBits = try memory.allocateByShard(
      unit.dropout == nil ? 0 : shardSize * dropoutWordCount(unit.dropoutCount))
    shardSlots = try memory.allocateByShard(slotLayout.count)
    weights = try memory.allocate(Self.weightCount(storage))
    channels = try memory.allocate(Self.channelCount(unit))
    sums = try memory.allocate(slotLayout.count)
  }

  private static func weightCount(_ storage: ConvStorage) -> Int {
    aligned(storage.forwardWeights) + aligned(storage.backwardWeights)
  }

  private static func channelCount(_ unit: Unit) -> Int {
    ChannelVector.allCases.count * unit.lanes
  }

  // MARK: Replicas

  /// The same unit with weights and channel vectors of its own on a node.
  func replica(in memory: NodeMemory, onNode node: Int) throws -> UnitState {
    var replica = self
    replica.weights = try memory.allocate(Self.weightCount(storage), onNode: node)
    replica.channels = try memory.allocate(Self.channelCount(unit), onNode: node)
    return replica
  }

  func copyWeights(from state: UnitState) {
    weights.update(from: state.weights, count: Self.weightCount(storage))
    copyChannels(from: state)
  }

  func copyChannels(from state: UnitState) {
    channels.update(from: state.channels, count: Self.channelCount(unit))
  }

  // MARK: By sample

  /// Stored full-size activation; not for recomputed units.
  func z(_ sample: Int) -> MutableFloatPointer { activations + sample * activationCount }

  /// What the consumer reads: the pooled activation, or the full one without pooling.
  func s(_ sample: Int) -> MutableFloatPointer {
    pooled + sample * pooledCount
  }

  /// Gradient of the unit's output, pooled size.
  func dy(_ sample: Int) -> MutableFloatPointer { outputGradients + sample * pooledCount }

  /// Which elements of a sample dropout keeps, as `dropoutBits` writes them.
  func dropoutBits(_ sample: Int) -> UnsafeMutablePointer<UInt32> {
    UnsafeMutableRawPointer(keptBits + sample * dropoutWordCount(unit.dropoutCount))
      .assumingMemoryBound(to: UInt32.self)
  }

  // MARK: By shard

  /// A shard's partial sums.
  func slot(_ shard: Int) -> MutableFloatPointer { shardSlots + shard * slotLayout.count }

  // MARK: Weights and channel vectors

  var forwardWeights: MutableFloatPointer { weights }
  var backwardWeights: MutableFloatPointer? {
    storage.backwardWeights == 0 ? nil : weights + aligned(storage.forwardWeights)
  }

  subscript(vector: ChannelVector) -> MutableFloatPointer {
    channels + vector.rawValue * unit.lanes
  }

  /// Constants for producing `s`: pooling needs only the sign of the scale, which gamma has before
  /// the statistics of the minibatch are known.
  var producerConstants: ChannelConstants {
    constants(scale: unit.hasBatchNorm ? .gamma : .scale)
  }

  /// Constants for reading `s`.
  var consumerConstants: ChannelConstants { constants(scale: .scale) }

  private func constants(scale: ChannelVector) -> ChannelConstants {
    ChannelConstants(
      bias: unit.hasBias ? FloatPointer(self[.bias]) : nil, scale: self[scale],
      shift: self[.shift], reluBefore: unit.reluBefore, reluAfter: unit.reluAfter)
  }

  var gradientFactors: GradientFactors {
    GradientFactors(gain: self[.gain], k0: self[.k0], k1: self[.k1])
  }
}

/// Per-channel values of a unit, `lanes` Floats each.
enum ChannelVector: Int, CaseIterable {
  case bias, gamma, scale, shift, mean, inverseDeviation, gain, k0, k1
}

/// Where a shard's partial sums stand in its slot; all offsets are multiples of 16 floats.
struct SlotLayout {
  let forwardSums: Range<Int>
  let backwardSums: Range<Int>
  let biasGradient: Range<Int>
  let weightGradient: Range<Int>

  /// An affine unit sums moments of the images forward, and all else with the gradients.
  init(_ unit: Unit, _ storage: ConvStorage, isAffine: Bool) {
    let lanes = unit.lanes
    forwardSums = 0..<(isAffine ? ImageMoments.count : 2 * lanes)
    backwardSums = forwardSums.upperBound..<forwardSums.upperBound + (isAffine ? 0 : 2 * lanes)
    biasGradient = backwardSums.upperBound..<backwardSums.upperBound + lanes
    weightGradient =
      biasGradient.upperBound..<biasGradient.upperBound + aligned(storage.weightGradient)
  }

  var gradients: Range<Int> { biasGradient.lowerBound..<weightGradient.upperBound }
  var count: Int { weightGradient.upperBound }
}

/// Shards of a minibatch of `sampleCount`; the last may hold fewer than `shardSize` samples.
func shardCount(_ sampleCount: Int) -> Int { (sampleCount + shardSize - 1) / shardSize }

/// `count` rounded up to whole vectors.
func aligned(_ count: Int) -> Int { (count + channelLanes - 1) / channelLanes * channelLanes }
