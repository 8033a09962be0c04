// Where the partial sums of one shard stand, and how many shards and vectors there are.

import PTrainKernelTypes

/// Where a shard's partial sums stand in its slot; all offsets are multiples of 16 floats. A weight
/// gradient with `GradientSlots` of its own has its place in the sums alone.
struct SlotLayout {
  /// `BatchMoments`, or an affine stage's `ImageMoments`.
  let statistics: Range<Int>
  let backwardSums: Range<Int>
  let biasGradient: Range<Int>
  let weightGradient: Range<Int>

  /// An affine stage sums moments of the images forward, and all else with the gradients.
  init(_ stage: Stage, _ storage: ConvStorage, isAffine: Bool) {
    let lanes = stage.value.lanes
    let moments = BatchMoments.count(blocks: stage.value.blocks)
    statistics = 0..<(isAffine ? ImageMoments.count : moments)
    backwardSums = statistics.upperBound..<statistics.upperBound + (isAffine ? 0 : 2 * lanes)
    biasGradient = backwardSums.upperBound..<backwardSums.upperBound + lanes
    weightGradient =
      biasGradient.upperBound..<biasGradient.upperBound + aligned(storage.weightGradient)
  }

  /// What is zero before a forward pass.
  var forwardSums: Range<Int> { 0..<backwardSums.upperBound }
  var gradients: Range<Int> { biasGradient.lowerBound..<weightGradient.upperBound }
  var count: Int { weightGradient.upperBound }
}

/// Shards of a minibatch of `sampleCount`; the last may hold fewer than `shardSize` samples.
package func shardCount(_ sampleCount: Int) -> Int { (sampleCount + shardSize - 1) / shardSize }

/// `count` rounded up to whole vectors.
func aligned(_ count: Int) -> Int { (count + channelLanes - 1) / channelLanes * channelLanes }
