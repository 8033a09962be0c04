// Adam with bias correction and decoupled weight decay.
// The scalar loop is the reference; the rates are the numbers that kernels get.

/// Constants of Adam (Kingma & Ba 2015), decay decoupled (Loshchilov & Hutter 2019).
package struct AdamHyperparameters: Equatable, Sendable {
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

/// Adam over a block of values, one after the other.
package struct ReferenceAdam<Scalar: ReferenceScalar>: Sendable {
  package let layout: StateLayout
  package let hyperparameters: AdamHyperparameters
  /// Running means of the gradient and of its square, in the block's order.
  package private(set) var mean: [Scalar]
  package private(set) var variance: [Scalar]
  /// Steps taken.
  package private(set) var stepCount = 0

  package init(layout: StateLayout, hyperparameters: AdamHyperparameters) {
    self.layout = layout
    self.hyperparameters = hyperparameters
    mean = [Scalar](repeating: 0, count: layout.count)
    variance = mean
  }

  /// `m ← m + (1 − β1)·(g − m)`, `v ← v + (1 − β2)·(g² − v)`,
  /// `p ← p − decay·p − stepSize·m / (√v·inverseRootCorrection + ε)`.
  package mutating func step(values: inout [Scalar], gradient: [Scalar], learningRate: Double) {
    stepCount += 1
    let rates = hyperparameters.rates(step: stepCount, learningRate: learningRate)
    for tensor in layout.tensors where tensor.isTrainable {
      let decay = Scalar(tensor.isDecayed ? rates.decay : 0)
      for place in tensor.range {
        values[place] -= decay * values[place]
        values[place] -= change(place, gradient[place], rates)
      }
    }
  }

  private mutating func change(_ place: Int, _ gradient: Scalar, _ rates: AdamRates) -> Scalar {
    // Shares of one rounding: in Float, 1 − Float(0.999) would be off by 1e-5.
    let meanShare = Scalar(1 - hyperparameters.beta1)
    let varianceShare = Scalar(1 - hyperparameters.beta2)
    mean[place] += meanShare * (gradient - mean[place])
    variance[place] += varianceShare * (gradient * gradient - variance[place])
    let root = variance[place].squareRoot() * Scalar(rates.inverseRootCorrection)
    return Scalar(rates.stepSize) * mean[place] / (root + Scalar(hyperparameters.epsilon))
  }
}

extension StateTensor {
  /// Whether weight decay applies: weights of conv and dense layers, not biases and BN.
  package var isDecayed: Bool { role == .weight }
}
