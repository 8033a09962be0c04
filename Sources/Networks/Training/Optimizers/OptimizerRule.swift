// What an optimizer is: one step over values of a tensor, in plain loops, which is the reference too.
// A new one is a file beside this one, a case of `Recipe.Optimizer`, and a line of `Recipe.rule`.

/// How parameters follow from gradients.
package protocol OptimizerRule: Sendable {
  /// One step on the piece's values; `index` counts a run's steps from 0.
  func step<Scalar: ReferenceScalar>(
    _ piece: OptimizerPiece<Scalar>, index: Int, learningRate: Double)

  /// The step in Float, for the engine, which has no kernel of its own for every rule.
  ///
  /// A requirement, so that it is compiled for each rule and Float: called through
  /// `any OptimizerRule`, the general step would look up every addition.
  func stepFloats(_ piece: OptimizerPiece<Float>, index: Int, learningRate: Double)
}

extension OptimizerRule {
  package func stepFloats(_ piece: OptimizerPiece<Float>, index: Int, learningRate: Double) {
    step(piece, index: index, learningRate: learningRate)
  }
}

/// Values of a tensor, all or some of them, with what a step reads and writes besides.
package struct OptimizerPiece<Scalar: ReferenceScalar> {
  package var tensor: StateTensor
  package var count: Int
  package var values: UnsafeMutablePointer<Scalar>
  package var gradient: UnsafePointer<Scalar>
  /// What a rule keeps of each value from step to step; zero at first.
  package var firstMoment: UnsafeMutablePointer<Scalar>
  package var secondMoment: UnsafeMutablePointer<Scalar>

  package init(
    tensor: StateTensor, count: Int, values: UnsafeMutablePointer<Scalar>,
    gradient: UnsafePointer<Scalar>, firstMoment: UnsafeMutablePointer<Scalar>,
    secondMoment: UnsafeMutablePointer<Scalar>
  ) {
    (self.tensor, self.count, self.values) = (tensor, count, values)
    (self.gradient, self.firstMoment, self.secondMoment) = (gradient, firstMoment, secondMoment)
  }
}

extension StateTensor {
  /// Whether weight decay applies: weights of conv and dense layers, not biases and BN.
  package var isDecayed: Bool { role == .weight }
  /// Whether a recipe's `biasRate` applies: biases of BN alone.
  package var hasBiasRate: Bool { role == .shift }
}

/// A rule over a block of values, tensor by tensor.
package struct ReferenceOptimizer<Scalar: ReferenceScalar>: Sendable {
  package let layout: StateLayout
  package let rule: any OptimizerRule
  /// Times the rate of BN's biases.
  package let biasRate: Double
  private var firstMoment: [Scalar]
  private var secondMoment: [Scalar]
  /// Steps taken.
  package private(set) var stepCount = 0

  package init(layout: StateLayout, rule: any OptimizerRule, biasRate: Double = 1) {
    (self.layout, self.rule, self.biasRate) = (layout, rule, biasRate)
    firstMoment = [Scalar](repeating: 0, count: layout.count)
    secondMoment = firstMoment
  }

  /// `values` and `gradient` in the block's order.
  package mutating func step(values: inout [Scalar], gradient: [Scalar], learningRate: Double) {
    let (layout, rule, index, biasRate) = (layout, rule, stepCount, biasRate)
    values.withUnsafeMutableBufferPointer { values in
      gradient.withUnsafeBufferPointer { gradient in
        firstMoment.withUnsafeMutableBufferPointer { first in
          secondMoment.withUnsafeMutableBufferPointer { second in
            for tensor in layout.tensors where tensor.isTrainable {
              let piece = OptimizerPiece(
                tensor: tensor, count: tensor.count,
                values: values.baseAddress! + tensor.offset,
                gradient: gradient.baseAddress! + tensor.offset,
                firstMoment: first.baseAddress! + tensor.offset,
                secondMoment: second.baseAddress! + tensor.offset)
              rule.step(
                piece, index: index,
                learningRate: tensor.hasBiasRate ? biasRate * learningRate : learningRate)
            }
          }
        }
      }
    }
    stepCount += 1
  }
}

extension Recipe {
  /// The optimizer with the recipe's constants.
  package var rule: any OptimizerRule {
    switch optimizer {
    case .adam, .adamw: Adam(weightDecay: weightDecay)
    case .sgd: SGD(momentum: momentum, nesterov: nesterov, weightDecay: weightDecay)
    case .lion: Lion(weightDecay: weightDecay)
    case .muon: Muon(weightDecay: weightDecay)
    }
  }
}

extension Recipe.Optimizer {
  /// A learning rate that is common with it.
  package var usualLearningRate: Double {
    switch self {
    case .adam, .adamw, .muon: 0.001
    case .sgd: 0.1
    case .lion: 0.0002
    }
  }
}
