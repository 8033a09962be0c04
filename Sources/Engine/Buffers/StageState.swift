// Memory of one stage: its value by sample, partial sums by leaf, constants by channel.
// Given once, for the largest minibatch; a step allocates nothing.

import PTrainKernelTypes

/// Memory of one stage for minibatches of up to `sampleCapacity` samples.
///
/// Sample `i` of a shard has its place at `i` times the per-sample count from the shard's first; a leaf's
/// vectors start at its first sample's place and are laid out `[blocks, rows, 16]` from there. Plain pointers into
/// buffers that the executor owns, so that workers copy it without counting references.
struct StageState: @unchecked Sendable {
  let form: StageForm
  /// Of the weight gradient; none of an affine stage's.
  let gradientSlots: GradientSlots

  private let activations: MutableFloatPointer
  private let pooled: MutableFloatPointer
  private let outputGradients: MutableFloatPointer
  /// Floats from a shard's values to the next one's.
  private let valueStride: Int
  private let keptBits: MutableFloatPointer
  private let slots: MutableFloatPointer
  private var weights: MutableFloatPointer
  private var channels: MutableFloatPointer
  /// Sums over all shards, by `slotLayout`.
  let sums: MutableFloatPointer

  /// The memory outlives the state.
  ///
  /// - Parameters:
  ///   - values: those of the first shard, which the others' follow.
  ///   - valueStride: floats of a shard's values.
  ///   - waitingOffset: where its waiting sums stand in a worker's scratch.
  init(
    _ form: StageForm, values: MutableFloatPointer, places: StagePlaces, valueStride: Int,
    waitingOffset: Int, memory: NodeMemory
  ) throws {
    self.form = form
    activations = values + places.activations
    pooled = values + places.pooled
    outputGradients = values + places.gradients
    self.valueStride = valueStride
    let stage = form.stage
    let sharding = form.sharding
    keptBits = try memory.allocateByShard(
      stage.value.view.dropout == nil
        ? 0 : sharding.shardSize * dropoutWordCount(stage.value.dropoutCount))
    gradientSlots = try GradientSlots(
      count: form.weightGradientCount, waitingOffset: waitingOffset, memory: memory)
    slots = try memory.allocateByShard(sharding.leavesPerShard * form.slotLayout.slotCount)
    weights = try memory.allocate(form.weightCount)
    channels = try memory.allocate(Self.channelCount(stage))
    sums = try memory.allocate(form.slotLayout.count)
    if !stage.value.view.hasNorm { makeIdentity() }
  }

  var stage: Stage { form.stage }
  var isAffine: Bool { form.isAffine }
  var activationCount: Int { form.activationCount }
  var pooledCount: Int { form.pooledCount }
  var slotLayout: SlotLayout { form.slotLayout }
  var sharding: Sharding { form.sharding }

  /// Whether the backward pass of its norm needs the whole minibatch.
  var hasBackwardNorm: Bool { stage.value.view.hasNorm && !isAffine }

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
    replica.weights = try memory.allocate(form.weightCount, onNode: node)
    replica.channels = try memory.allocate(Self.channelCount(stage), onNode: node)
    return replica
  }

  func copyWeights(from state: StageState) {
    weights.update(from: state.weights, count: form.weightCount)
    copyChannels(from: state)
  }

  func copyChannels(from state: StageState) {
    channels.update(from: state.channels, count: Self.channelCount(stage))
  }

  // MARK: By sample

  /// Stored full-size activation; not for recomputed stages.
  func z(_ sample: Int) -> MutableFloatPointer {
    place(sample, activationCount, in: activations)
  }

  /// What readers read: the pooled activation, or the full one without pooling.
  func s(_ sample: Int) -> MutableFloatPointer { place(sample, pooledCount, in: pooled) }

  /// Gradient of the value at the norm's output, behind mask and activation; pooled size.
  func dy(_ sample: Int) -> MutableFloatPointer {
    place(sample, pooledCount, in: outputGradients)
  }

  private func place(
    _ sample: Int, _ count: Int, in first: MutableFloatPointer
  ) -> MutableFloatPointer {
    // A power of two.
    let size = sharding.shardSize
    return first + (sample >> size.trailingZeroBitCount) * valueStride + (sample & (size - 1))
      * count
  }

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
    form.storage.backwardWeights == 0 ? nil : weights + aligned(form.storage.forwardWeights)
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
