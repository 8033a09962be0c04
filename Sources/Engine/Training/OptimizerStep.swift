// One step of the recipe's optimizer: with a kernel, or by the rule's own loops.

import PTrainKernelTypes
import PTrainNetworks

/// What one step does to every tensor: BN's biases may have a rate of their own.
struct OptimizerStep: Sendable {
  private let general: TensorStep
  private let biases: TensorStep
  /// Of the weights, where the rule takes each of them as a matrix.
  let muon: MuonStep?
  /// By which share of their distance the averaged parameters move towards the new ones; none without an
  /// average.
  let averageShare: Float?

  init(_ recipe: Recipe, index: Int, rate: Double) {
    general = TensorStep(recipe, index: index, rate: rate)
    biases = TensorStep(recipe, index: index, rate: recipe.biasRate * rate)
    muon = (recipe.rule as? Muon).map { MuonStep(rule: $0, rate: rate) }
    // The average's decay grows, so that an early average is a young one.
    let decay = min(recipe.averageDecay, Double(1 + index) / Double(10 + index))
    averageShare = recipe.averageDecay > 0 ? Float(1 - decay) : nil
  }

  subscript(tensor: StateTensor) -> TensorStep { tensor.hasBiasRate ? biases : general }
}

/// Adam and SGD have kernels, with their numbers in the precision that those take.
enum TensorStep: Sendable {
  /// `decay` applies to weights; BN and biases go without.
  case adam(AdamStep)
  case sgd(SGDStep)
  case rule(any OptimizerRule, index: Int, rate: Double)

  fileprivate init(_ recipe: Recipe, index: Int, rate: Double) {
    switch recipe.rule {
    case let adam as Adam:
      let rates = adam.rates(step: index + 1, learningRate: rate)
      self = .adam(
        AdamStep(
          stepSize: Float(rates.stepSize),
          inverseRootCorrection: Float(rates.inverseRootCorrection),
          meanShare: Float(1 - adam.beta1), varianceShare: Float(1 - adam.beta2),
          epsilon: Float(adam.epsilon), decay: Float(rates.decay)))
    case let sgd as SGD:
      self = .sgd(
        SGDStep(
          learningRate: Float(rate), momentum: Float(sgd.momentum),
          weightDecay: Float(sgd.weightDecay), nesterov: sgd.nesterov))
    case let rule: self = .rule(rule, index: index, rate: rate)
    }
  }
}
