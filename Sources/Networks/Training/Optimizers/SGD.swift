// Stochastic gradient descent with momentum, as PyTorch defines it.
// Plain descent, which the spreadsheet uses, is the case without momentum.

package struct SGD: OptimizerRule, Equatable {
  package var momentum = 0.0
  /// Sutskever et al. 2013.
  package var nesterov = false
  /// Added to the gradient of weights alone, not of biases and BN.
  package var weightDecay = 0.0

  package init(momentum: Double = 0, nesterov: Bool = false, weightDecay: Double = 0) {
    self.momentum = momentum
    self.nesterov = nesterov
    self.weightDecay = weightDecay
  }

  /// `g ← g + weightDecay·p`, `v ← momentum·v + g`,
  /// `p ← p − learningRate·(g + momentum·v)` with Nesterov, else `p ← p − learningRate·v`.
  package func step<Scalar: ReferenceScalar>(
    _ piece: OptimizerPiece<Scalar>, index: Int, learningRate: Double
  ) {
    let momentum = Scalar(momentum)
    let decay = Scalar(piece.tensor.isDecayed ? weightDecay : 0)
    let velocity = piece.firstMoment
    for place in 0..<piece.count {
      let slope = piece.gradient[place] + decay * piece.values[place]
      velocity[place] = momentum * velocity[place] + slope
      let direction = nesterov ? slope + momentum * velocity[place] : velocity[place]
      piece.values[place] -= Scalar(learningRate) * direction
    }
  }
}
