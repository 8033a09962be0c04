// Where the partial sums of one leaf stand.

import PTrainKernelTypes

/// Where a leaf's partial sums stand in its slot; all offsets are multiples of 16 floats. A weight
/// gradient has its place in the sums alone, but for an affine stage's: `GradientSlots` holds the others.
struct SlotLayout {
  /// `BatchMoments`, or an affine stage's `ImageMoments`.
  let statistics: Range<Int>
  let backwardSums: Range<Int>
  let biasGradient: Range<Int>
  let weightGradient: Range<Int>
  /// Floats of a slot.
  let slotCount: Int

  /// An affine stage sums moments of the images forward, and all else with the gradients.
  init(_ stage: Stage, _ storage: ConvStorage, isAffine: Bool) {
    let lanes = stage.value.lanes
    let moments = BatchMoments.count(blocks: stage.value.blocks)
    statistics = 0..<(isAffine ? ImageMoments.count : moments)
    backwardSums = statistics.upperBound..<statistics.upperBound + (isAffine ? 0 : 2 * lanes)
    biasGradient = backwardSums.upperBound..<backwardSums.upperBound + lanes
    weightGradient =
      biasGradient.upperBound..<biasGradient.upperBound + aligned(storage.weightGradient)
    slotCount = isAffine ? weightGradient.upperBound : biasGradient.upperBound
  }

  /// Gradients in a slot.
  var gradients: Range<Int> { biasGradient.lowerBound..<slotCount }
  /// Floats of the sums.
  var count: Int { weightGradient.upperBound }
}

/// `count` rounded up to whole vectors.
func aligned(_ count: Int) -> Int { (count + channelLanes - 1) / channelLanes * channelLanes }
