// Learning-rate schedules: small functions from the step to the rate.
// A resumed run asks for the same step and gets the same rate; nothing is carried along.

/// The learning rate of every step of a run, as a recipe says.
package struct LearningRateSchedule: Equatable, Sendable {
  package let recipe: Recipe
  package let stepsPerEpoch: Int

  package init(recipe: Recipe, stepsPerEpoch: Int) {
    self.recipe = recipe
    self.stepsPerEpoch = max(stepsPerEpoch, 1)
  }

  /// Steps of the whole run.
  package var stepCount: Int { recipe.epochs * stepsPerEpoch }

  /// The rate of `step`, counted from 0.
  package func rate(at step: Int) -> Double {
    let peak = recipe.learningRate
    switch recipe.schedule {
    case .constant: return peak
    case .step:
      return peak * Elementary.power(recipe.stepFactor, step / stepsPerEpoch / recipe.stepEpochs)
    case .cosine: return cosine(from: peak, to: 0, Double(step) / Double(stepCount))
    case .oneCycle: return oneCycle(step)
    }
  }

  /// Half a cosine wave from `start` (`part` 0) to `end` (`part` 1) (Loshchilov & Hutter 2017).
  private func cosine(from start: Double, to end: Double, _ part: Double) -> Double {
    let clamped = min(max(part, 0), 1)
    return end + (start - end) / 2 * (1 + Elementary.cos(.pi * clamped))
  }

  /// From peak/25 up to the peak over the warm-up, then down to peak/250,000 at the last step, both
  /// along half a cosine wave (Smith & Topin 2018, constants as in PyTorch's OneCycleLR).
  private func oneCycle(_ step: Int) -> Double {
    let (peak, first) = (recipe.learningRate, recipe.learningRate / 25)
    let top = recipe.warmUp * Double(stepCount) - 1
    let place = Double(step)
    if place < top { return cosine(from: first, to: peak, place / top) }
    let rest = Double(stepCount - 1) - top
    return cosine(from: peak, to: first / 10_000, (place - top) / rest)
  }
}
