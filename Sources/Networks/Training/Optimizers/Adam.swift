// Adam with bias correction and decoupled weight decay, which is AdamW.

/// Adam (Kingma & Ba 2015), decay decoupled (Loshchilov & Hutter 2019).
package struct Adam: OptimizerRule, Equatable {
  package var beta1 = 0.9
  package var beta2 = 0.999
  package var epsilon = 1e-8
  /// For weights alone, not for biases and BN.
  package var weightDecay = 0.0

  package init(weightDecay: Double = 0) { self.weightDecay = weightDecay }

  /// What step `step`, counted from 1, multiplies with; powers by squaring.
  package func rates(step: Int, learningRate: Double) -> AdamRates {
    AdamRates(
      stepSize: learningRate / (1 - Elementary.power(beta1, step)),
      inverseRootCorrection: 1 / (1 - Elementary.power(beta2, step)).squareRoot(),
      decay: learningRate * weightDecay)
  }

  /// `m ← m + (1 − β1)·(g − m)`, `v ← v + (1 − β2)·(g² − v)`,
  /// `p ← p − decay·p − stepSize·m / (√v·inverseRootCorrection + ε)`.
  package func step<Scalar: ReferenceScalar>(
    _ piece: OptimizerPiece<Scalar>, index: Int, learningRate: Double
  ) {
    let rates = rates(step: index + 1, learningRate: learningRate)
    let decay = Scalar(piece.tensor.isDecayed ? rates.decay : 0)
    // Shares of one rounding: in Float, 1 − Float(0.999) would be off by 1e-5.
    let (meanShare, varianceShare) = (Scalar(1 - beta1), Scalar(1 - beta2))
    let (mean, variance) = (piece.firstMoment, piece.secondMoment)
    for place in 0..<piece.count {
      let gradient = piece.gradient[place]
      mean[place] += meanShare * (gradient - mean[place])
      variance[place] += varianceShare * (gradient * gradient - variance[place])
      let root = variance[place].squareRoot() * Scalar(rates.inverseRootCorrection)
      piece.values[place] -= decay * piece.values[place]
      piece.values[place] -= Scalar(rates.stepSize) * mean[place] / (root + Scalar(epsilon))
    }
  }
}

/// Numbers of one Adam step.
package struct AdamRates: Equatable, Sendable {
  /// `learningRate / (1 − beta1^t)`.
  package var stepSize: Double
  /// `1 / √(1 − beta2^t)`.
  package var inverseRootCorrection: Double
  /// `learningRate · weightDecay`, for weights alone.
  package var decay: Double
}
