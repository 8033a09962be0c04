// Every optimizer against PyTorch's steps, by its name in a recipe.

import Testing

@testable import PTrainNetworks

@Suite struct OptimizerRuleTests {
  private let golden: Golden

  init() throws { golden = try Golden(file: "rules") }

  private func layout(_ shape: [Int]) -> StateLayout {
    let role = shape.count > 1 ? StateTensor.Role.weight : .bias
    return StateLayout(tensors: [StateTensor(name: "x", shape: shape, role: role, offset: 0)])
  }

  private func largestDifference<Scalar: ReferenceScalar>(
    _ run: Golden, _ rule: any OptimizerRule, _: Scalar.Type
  ) throws -> Double {
    let shape = try run["shape"].list.map { try $0.int }
    var optimizer = ReferenceOptimizer<Scalar>(layout: layout(shape), rule: rule)
    var values = try run["start"].numbers.map { Scalar($0) }
    let rates = try run["learningRates"].numbers
    for (index, gradient) in try run["gradients"].list.enumerated() {
      optimizer.step(
        values: &values, gradient: try gradient.numbers.map { Scalar($0) },
        learningRate: rates[index])
    }
    let expected = try run["values"].numbers
    return zip(values, expected).reduce(0) { max($0, abs(Double($1.0) - $1.1)) }
  }

  @Test func stepsAreThoseOfPyTorch() throws {
    var names: Set<String> = []
    for run in try golden.list {
      let name = try run["optimizer"].text
      var recipe = Recipe()
      recipe.optimizer = try #require(Recipe.Optimizer(rawValue: name))
      recipe.weightDecay = try run["weightDecay"].number
      let shape = try run["shape"].list.map { try $0.int }
      let exact = try largestDifference(run, recipe.rule, Double.self)
      #expect(exact < 1e-12, "\(name), \(shape): \(exact)")
      let rounded = try largestDifference(run, recipe.rule, Float.self)
      #expect(rounded < 2e-6, "\(name), \(shape), in Float: \(rounded)")
      names.insert(name)
    }
    // Those of optimizers.json, and these.
    #expect(names.union(["adam", "sgd"]) == Set(Recipe.Optimizer.allCases.map(\.rawValue)))
  }

  /// Muon's updates have singular values near 1, whatever the gradient's are.
  @Test func muonOrthogonalizes() {
    let shape = [4, 9]
    var optimizer = ReferenceOptimizer<Double>(layout: layout(shape), rule: Muon())
    var values = [Double](repeating: 0, count: 36)
    let gradient: [Double] = (0..<36).map { place in
      let value = Double(place * 7 % 11 - 5)
      return place % 10 == 0 ? 100 * value : value
    }
    optimizer.step(values: &values, gradient: gradient, learningRate: 1)
    let scale = 0.2 * 3
    for row in 0..<4 {
      let squares = values[row * 9..<(row + 1) * 9].map { $0 * $0 }
      #expect((0.5...1.3).contains(squares.reduce(0, +).squareRoot() / scale))
    }
  }

  @Test func aGradientOfZerosChangesNothing() {
    for optimizer in Recipe.Optimizer.allCases {
      var recipe = Recipe()
      recipe.optimizer = optimizer
      var reference = ReferenceOptimizer<Float>(layout: layout([3, 5]), rule: recipe.rule)
      var values = (0..<15).map { Float($0) }
      reference.step(
        values: &values, gradient: [Float](repeating: 0, count: 15), learningRate: 0.1)
      #expect(values == (0..<15).map { Float($0) }, "\(optimizer)")
    }
  }
}
