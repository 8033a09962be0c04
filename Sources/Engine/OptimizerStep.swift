// The hyper-parameters of one step from the recipe, in the precision that kernels take.

import KernelTypes
import Networks

/// One step of the recipe's optimizer.
enum OptimizerStep: Sendable {
  /// `decay` applies to weights; BN and biases go without.
  case adam(AdamStep)
  case sgd(SGDStep)

  init(_ recipe: Recipe, index: Int, rate: Double) {
    switch recipe.optimizer {
    case .adam:
      let corrections = (1 - power(0.9, index + 1), 1 - power(0.999, index + 1))
      self = .adam(
        AdamStep(
          stepSize: Float(rate / corrections.0),
          inverseRootCorrection: Float(1 / corrections.1.squareRoot()), beta1: 0.9, beta2: 0.999,
          epsilon: 1e-8, decay: Float(rate * recipe.weightDecay)))
    case .sgd:
      self = .sgd(
        SGDStep(
          learningRate: Float(rate), momentum: Float(recipe.momentum),
          weightDecay: Float(recipe.weightDecay), nesterov: recipe.nesterov))
    }
  }
}

/// `base` to a whole power by squaring, without libm.
private func power(_ base: Double, _ exponent: Int) -> Double {
  var (result, factor, rest) = (1.0, base, exponent)
  while rest > 0 {
    if rest & 1 == 1 { result *= factor }
    factor *= factor
    rest >>= 1
  }
  return result
}
