// Keys of a recipe against what they are in PyTorch.

import Testing

@testable import PTrainNetworks

@Suite struct RecipeGoldenTests {
  private let golden: Golden

  init() throws { golden = try Golden(file: "recipes") }

  @Test func firstFiltersPassChannelsOn() throws {
    for layer in try golden["dirac"].list {
      let (filters, groups) = (try layer["filters"].int, try layer["groups"].int)
      let kernel = try layer["kernel"].ints
      func state(_ initialization: Recipe.Initialization) throws -> ModelState {
        var recipe = Recipe()
        recipe.initialization = initialization
        let description = ModelDescription("m", recipe: recipe) {
          Layer.conv(
            filters, kernel: Extents(kernel[0], kernel[1]), padding: .same, groups: groups)
          Layer.globalAveragePool
          Layer.classes
        }
        let network = try Network(
          description: description,
          input: Shape(channels: try layer["channels"].int, height: 4, width: 4), classCount: 2)
        return .initial(network: network, seed: 5)
      }
      let (dirac, uniform) = (try state(.dirac), try state(.uniform))
      var expected = uniform.values
      let weights = try layer["values"].numbers
      #expect(dirac.layout["conv1.weight"]?.count == weights.count)
      for (place, value) in weights.enumerated() where value != 7 {
        expected[place] = Float(value)
      }
      #expect(dirac.values == expected && expected != uniform.values)
    }
  }

  private func recipe(_ golden: Golden) throws -> Recipe {
    var recipe = Recipe()
    recipe.optimizer = try #require(Recipe.Optimizer(rawValue: try golden["optimizer"].text))
    recipe.weightDecay = try golden["weightDecay"].number
    recipe.biasRate = try golden["biasRate"].number
    recipe.nesterov = golden.has("nesterov")
    return recipe
  }

  @Test func biasesOfNormsHaveARateOfTheirOwn() throws {
    let layers = try golden["layers"].text.split(separator: "\n").map { "  \($0)\n" }.joined()
    let layout = try Network(
      description: .parse(yaml: "name: m\nlayers:\n" + layers, source: "golden"),
      input: Shape(channels: 1, height: 6, width: 6), classCount: 2
    ).layout
    func block(_ tensors: Golden) throws -> [Double] {
      try layout.tensors.flatMap { tensor in
        tensors.has(tensor.name)
          ? try tensors[tensor.name].numbers : [Double](repeating: 0, count: tensor.count)
      }
    }
    for run in try golden["steps"].list {
      let recipe = try recipe(try run["recipe"])
      let rates = try run["learningRates"].numbers
      func end(biasRate: Double) throws -> [Double] {
        var optimizer = ReferenceOptimizer<Double>(
          layout: layout, rule: recipe.rule, biasRate: biasRate)
        var values = try block(try run["start"])
        for (rate, gradient) in zip(rates, try run["gradients"].list) {
          optimizer.step(values: &values, gradient: try block(gradient), learningRate: rate)
        }
        return values
      }
      let expected = try block(try run["end"])
      #expect(difference(try end(biasRate: recipe.biasRate), expected) < 1e-13)
      let plain = zip(try end(biasRate: 1), expected)
      let moved = plain.enumerated().filter { abs($1.0 - $1.1) > 1e-6 }.map(\.offset)
      #expect(moved == Array(try #require(layout["bn1.bias"]).range))
    }
  }
}
