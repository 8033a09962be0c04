// Stochastic gradient descent with momentum, as PyTorch defines it.
// Plain descent, which the spreadsheet uses, is the case without momentum.

/// Constants of SGD.
package struct SGDHyperparameters: Equatable, Sendable {
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
}

/// SGD over a block of values, one after the other.
package struct ReferenceSGD<Scalar: ReferenceScalar>: Sendable {
  package let layout: StateLayout
  package let hyperparameters: SGDHyperparameters
  /// Starts at zero, in the block's order.
  package private(set) var velocity: [Scalar]

  package init(layout: StateLayout, hyperparameters: SGDHyperparameters) {
    self.layout = layout
    self.hyperparameters = hyperparameters
    velocity = [Scalar](repeating: 0, count: layout.count)
  }

  /// `g ← g + weightDecay·p`, `v ← momentum·v + g`,
  /// `p ← p − learningRate·(g + momentum·v)` with Nesterov, else `p ← p − learningRate·v`.
  package mutating func step(values: inout [Scalar], gradient: [Scalar], learningRate: Double) {
    let momentum = Scalar(hyperparameters.momentum)
    for tensor in layout.tensors where tensor.isTrainable {
      let decay = Scalar(tensor.isDecayed ? hyperparameters.weightDecay : 0)
      for place in tensor.range {
        let slope = gradient[place] + decay * values[place]
        velocity[place] = momentum * velocity[place] + slope
        let direction =
          hyperparameters.nesterov ? slope + momentum * velocity[place] : velocity[place]
        values[place] -= Scalar(learningRate) * direction
      }
    }
  }
}
