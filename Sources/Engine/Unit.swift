// A unit of the plan: one convolution or dense layer with what follows it up to the next one.
// Units are the engine's fused stages; a plan is a list of them.

import KernelTypes
import Networks

/// Samples of a shard: a constant of the plan, so that sums have one order at any worker count.
package let shardSize = 8

/// The tensors of a unit's batch normalisation.
struct BatchNormTensors: Equatable, Sendable {
  var scale: StateTensor
  var shift: StateTensor
  var runningMean: StateTensor
  var runningVariance: StateTensor
}

/// Dropout on a unit's output.
struct Dropout: Equatable, Sendable {
  var rate: Float
  /// Random stream of the layer.
  var stream: UInt32
}

/// The tensors of a unit in the parameter block.
struct UnitTensors: Equatable, Sendable {
  /// That of the convolution or dense layer, for messages.
  var name: String
  var weight: StateTensor
  var bias: StateTensor?
  var batchNorm: BatchNormTensors?
}

/// `conv | dense`, then optionally ReLU and BN in either order, max-pool, global average pool, dropout.
///
/// Plain values only: workers copy it without counting references.
struct Unit: Equatable, Sendable {
  var isDense: Bool
  /// For dense units the pixels are the samples of a shard: `1 x shardSize`.
  var geometry: ConvGeometry
  var window = 1
  var hasBias: Bool
  var hasBatchNorm = false
  var reluBefore = false
  var reluAfter = false
  /// Whether the consumer reads the mean over pixels.
  var isGloballyPooled = false
  var dropout: Dropout?
  /// Whether it is the first of a plan, conv, BN, ReLU, read by a convolution.
  var isAffine = false

  /// Shape for `rows` samples of a shard (spatial units: of one image).
  func shape(rows: Int) -> ActivationShape {
    ActivationShape(
      blocks: geometry.outputBlocks, height: isDense ? 1 : geometry.outputHeight,
      width: isDense ? rows : geometry.outputWidth, window: window)
  }

  func geometry(rows: Int) -> ConvGeometry {
    guard isDense else { return geometry }
    var geometry = geometry
    geometry.inputWidth = rows
    return geometry
  }

  /// Padded channels of the output.
  var lanes: Int { geometry.outputBlocks * channelLanes }
  var channels: Int { geometry.outputChannels }
  /// Elements of one sample that dropout acts on.
  var dropoutCount: Int {
    isDense || isGloballyPooled ? lanes : shape(rows: 1).pooledCount
  }
  /// Positions of one sample that BN averages over.
  var pixelsPerSample: Int { isDense ? 1 : geometry.outputPixels }
  /// Whether the full-size activation is computed again in the backward pass instead of stored: a
  /// one-channel convolution costs less than the memory traffic of four times its pooled result.
  var isRecomputed: Bool { geometry.isPlane && window > 1 }
}
