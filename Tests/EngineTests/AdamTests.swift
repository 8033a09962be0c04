// Adam as a run sees it: the step's numbers and the kernels together, against the formula in Double.

import PTrainKernelTypes
import PTrainKernels
import PTrainNetworks
import Testing

@testable import PTrainEngine

@Suite struct AdamTests {
  /// The first update from zero and those of a long run; betas rounded twice would be 7e-6 off.
  @Test(arguments: KernelChoice.available, [1, 2, 100, 3000])
  func updatesAreExact(instructionSet: InstructionSet, stepCount: Int) {
    let kernels = KernelChoice.kernels(for: instructionSet)
    var recipe = Recipe()
    recipe.optimizer = .adam
    let tensor = StateTensor(name: "fc1.weight", shape: [1, 1], role: .weight, offset: 0)
    let gradient: Float = 0.37
    var (parameter, mean, variance): (Float, Float, Float) = (0, 0, 0)
    var (exactMean, exactVariance, exactChange) = (0.0, 0.0, 0.0)
    for index in 0..<stepCount {
      parameter = 0
      let whole = OptimizerStep(recipe, index: index, rate: 0.01)
      guard case .adam(let step) = whole[tensor] else {
        Issue.record("not Adam")
        return
      }
      kernels.adam(
        step, rows: .one(1), gradient: [gradient], parameters: &parameter, mean: &mean,
        variance: &variance)
      exactMean = 0.9 * exactMean + 0.1 * Double(gradient)
      exactVariance = 0.999 * exactVariance + 0.001 * Double(gradient) * Double(gradient)
      exactChange = Self.change(exactMean, exactVariance, step: index + 1)
    }
    #expect(abs(Double(parameter) / exactChange - 1) < (stepCount < 100 ? 3e-7 : 2e-6))
  }

  private static func change(_ mean: Double, _ variance: Double, step: Int) -> Double {
    var (decay1, decay2) = (1.0, 1.0)
    for _ in 0..<step { (decay1, decay2) = (decay1 * 0.9, decay2 * 0.999) }
    let root = (variance / (1 - decay2)).squareRoot()
    return -0.01 * (mean / (1 - decay1)) / (root + 1e-8)
  }
}
