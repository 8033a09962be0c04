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
      let constants = AdamHyperparameters(weightDecay: recipe.weightDecay)
      let rates = constants.rates(step: index + 1, learningRate: rate)
      self = .adam(
        AdamStep(
          stepSize: Float(rates.stepSize),
          inverseRootCorrection: Float(rates.inverseRootCorrection),
          meanShare: Float(1 - constants.beta1), varianceShare: Float(1 - constants.beta2),
          epsilon: Float(constants.epsilon), decay: Float(rates.decay)))
    case .sgd:
      self = .sgd(
        SGDStep(
          learningRate: Float(rate), momentum: Float(recipe.momentum),
          weightDecay: Float(recipe.weightDecay), nesterov: recipe.nesterov))
    }
  }
}
