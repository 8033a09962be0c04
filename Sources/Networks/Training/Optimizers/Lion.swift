// Lion: the sign of a mean of gradients, one moment a value.

/// "Symbolic discovery of optimization algorithms" (Chen et al. 2023); decay as AdamW's.
package struct Lion: OptimizerRule, Equatable {
  package var beta1 = 0.9
  package var beta2 = 0.99
  /// For weights alone, not for biases and BN.
  package var weightDecay = 0.0

  package init(weightDecay: Double = 0) { self.weightDecay = weightDecay }

  /// `c = m + (1 − β1)·(g − m)`, `p ← p − rate·decay·p − rate·sign(c)`, `m ← m + (1 − β2)·(g − m)`.
  package func step<Scalar: ReferenceScalar>(
    _ piece: OptimizerPiece<Scalar>, index: Int, learningRate: Double
  ) {
    let rate = Scalar(learningRate)
    let decay = Scalar(piece.tensor.isDecayed ? learningRate * weightDecay : 0)
    let (directionShare, meanShare) = (Scalar(1 - beta1), Scalar(1 - beta2))
    let mean = piece.firstMoment
    for place in 0..<piece.count {
      let change = piece.gradient[place] - mean[place]
      let direction = mean[place] + directionShare * change
      piece.values[place] -= decay * piece.values[place]
      // The sign of zero is zero; a NaN stays one.
      piece.values[place] -= direction > 0 ? rate : direction < 0 ? -rate : direction
      mean[place] += meanShare * change
    }
  }
}
