// Buffers of one unit: activations by sample, partial sums by shard, constants by channel.
// Allocated once, for the largest minibatch; a step allocates nothing.

import KernelTypes
import Memory

/// Memory of one unit for minibatches of up to `sampleCapacity` samples.
///
/// Sample `i` of a minibatch has its place at `i` times the per-sample count; a dense unit's shard
/// starts at its first sample's place and is laid out `[blocks, rows, 16]` from there.
final class UnitState: @unchecked Sendable {
  let unit: Unit
  let storage: ConvStorage
  /// Floats of one sample's full-size and pooled activation.
  let activationCount: Int
  let pooledCount: Int

  private let activations: AlignedBuffer
  private let pooled: AlignedBuffer?
  private let outputGradients: AlignedBuffer
  private let slots: AlignedBuffer
  private let weights: AlignedBuffer
  private let channels: AlignedBuffer
  private let reduced: AlignedBuffer

  init(_ unit: Unit, kernels: any KernelSet, sampleCapacity: Int) throws {
    self.unit = unit
    storage = kernels.convStorage(unit.geometry)
    let shape = unit.shape(rows: 1)
    activationCount = shape.count
    pooledCount = shape.pooledCount
    activations = try AlignedBuffer(
      count: unit.isRecomputed ? 0 : sampleCapacity * activationCount)
    pooled = unit.window > 1 ? try AlignedBuffer(count: sampleCapacity * pooledCount) : nil
    outputGradients = try AlignedBuffer(count: sampleCapacity * pooledCount)
    slots = try AlignedBuffer(
      count: shardCount(sampleCapacity) * SlotLayout(unit, storage).count)
    weights = try AlignedBuffer(
      count: aligned(storage.forwardWeights) + aligned(storage.backwardWeights))
    channels = try AlignedBuffer(count: ChannelVector.allCases.count * unit.lanes)
    reduced = try AlignedBuffer(count: SlotLayout(unit, storage).count)
  }

  // MARK: By sample

  /// Stored full-size activation; not for recomputed units.
  func z(_ sample: Int) -> MutableFloatPointer { activations.pointer + sample * activationCount }

  /// What the consumer reads: the pooled activation, or the full one without pooling.
  func s(_ sample: Int) -> MutableFloatPointer {
    pooled.map { $0.pointer + sample * pooledCount } ?? z(sample)
  }

  /// Gradient of the unit's output, pooled size.
  func dy(_ sample: Int) -> MutableFloatPointer { outputGradients.pointer + sample * pooledCount }

  // MARK: By shard

  var slotLayout: SlotLayout { SlotLayout(unit, storage) }

  /// A shard's partial sums.
  func slot(_ shard: Int) -> MutableFloatPointer { slots.pointer + shard * slotLayout.count }

  /// Sums over all shards, laid out like a slot.
  var sums: MutableFloatPointer { reduced.pointer }

  // MARK: Weights and channel vectors

  var forwardWeights: MutableFloatPointer { weights.pointer }
  var backwardWeights: MutableFloatPointer? {
    storage.backwardWeights == 0 ? nil : weights.pointer + aligned(storage.forwardWeights)
  }

  subscript(vector: ChannelVector) -> MutableFloatPointer {
    channels.pointer + vector.rawValue * unit.lanes
  }

  /// Constants for producing `s`: pooling needs only the sign of the scale, which gamma has before
  /// the statistics of the minibatch are known.
  var producerConstants: ChannelConstants {
    constants(scale: unit.batchNorm == nil ? .scale : .gamma)
  }

  /// Constants for reading `s`.
  var consumerConstants: ChannelConstants { constants(scale: .scale) }

  private func constants(scale: ChannelVector) -> ChannelConstants {
    ChannelConstants(
      bias: unit.bias == nil ? nil : FloatPointer(self[.bias]), scale: self[scale],
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

  init(_ unit: Unit, _ storage: ConvStorage) {
    let lanes = unit.lanes
    forwardSums = 0..<2 * lanes
    backwardSums = 2 * lanes..<4 * lanes
    biasGradient = 4 * lanes..<5 * lanes
    weightGradient = 5 * lanes..<5 * lanes + aligned(storage.weightGradient)
  }

  var count: Int { weightGradient.upperBound }
}

/// Shards of a minibatch of `sampleCount`; the last may hold fewer than `shardSize` samples.
func shardCount(_ sampleCount: Int) -> Int { (sampleCount + shardSize - 1) / shardSize }

/// `count` rounded up to whole vectors.
func aligned(_ count: Int) -> Int { (count + channelLanes - 1) / channelLanes * channelLanes }
