// The learning-rate range test: its rates, its end, its suggestion, and the same bits at any number of
// threads.

import PTrainDatasets
import PTrainNetworks
import Testing

@testable import PTrainEngine

@Suite struct RateSearchTests {
  @Test func ratesGrowByOneFactor() {
    let range = RateRange(lowest: 1e-4, highest: 1, stepCount: 5)
    let rates = (0..<5).map(range.rate)
    for (rate, expected) in zip(rates, [1e-4, 1e-3, 1e-2, 1e-1, 1]) {
      #expect(abs(rate / expected - 1) < 1e-12)
    }
    #expect(RateRange(lowest: 0.5, highest: 1, stepCount: 1).rate(at: 0) == 0.5)
  }

  private func test(_ losses: [Double]) -> RateTest {
    var test = RateTest()
    for (step, loss) in losses.enumerated() { test.add(rate: Double(step + 1), loss: loss) }
    return test
  }

  @Test func smoothsFromTheStart() {
    let points = test([2, 1, 4]).points
    #expect(abs(points[0].smoothedLoss - 2) < 1e-12)
    #expect(abs(points[1].smoothedLoss - (0.9 * 2 + 1) / 1.9) < 1e-12)
    #expect(abs(points[2].smoothedLoss - (0.81 * 2 + 0.9 * 1 + 4) / 2.71) < 1e-12)
  }

  @Test func suggestsATenthOfTheBestRate() {
    let falling = test([4, 3, 2, 1, 1, 9, 30])
    #expect(falling.best?.rate == 5)
    #expect(falling.suggestion == 0.5)
    #expect(test([1, 2, 3]).suggestion == nil)
    #expect(test([3, 2, 1]).suggestion == nil)
    #expect(RateTest().suggestion == nil && !RateTest().isDiverged)
  }

  @Test func endsWhereLossesRunAway() {
    #expect(!test([1, 1, 1, 2]).isDiverged)
    #expect(test([1, 1, 1, 2, 40]).isDiverged)
    #expect(test([1, .nan]).isDiverged)
    #expect(test([1, .infinity]).isDiverged)
    #expect(test([1, .nan]).best?.rate == 1)
  }

  /// The first minibatch is met before any step: its loss tells how samples are weighed.
  @Test func classesWeighAsTheRecipeSays() throws {
    var description = try ModelDescription.preset(named: "tiny")
    description.recipe.batchSize = 16
    let network = try Network(
      description: description, input: Shape(channels: 1, height: 12, width: 12), classCount: 4)
    let images = try ImageSet.synthetic(count: 40, height: 12, width: 12, classCount: 4)
    func firstLoss(_ weights: ClassWeights?) throws -> Double? {
      var recipe = description.recipe
      recipe.classWeights = weights
      let test = try RateTest.run(
        RateRange(lowest: 1e-3, highest: 0.1, stepCount: 2), network: network, recipe: recipe,
        images: images, normalization: .mnist, seed: 1,
        configuration: TestData.configuration(threads: 1))
      return test.points.first?.loss
    }
    let plain = try firstLoss(nil)
    let even = ClassWeights.named(["0": 1, "1": 1, "2": 1, "3": 1])
    let uneven = ClassWeights.named(["0": 100, "1": 1, "2": 1, "3": 1])
    #expect(try firstLoss(even) == plain && firstLoss(uneven) != plain)
  }

  @Test func threadsKeepTheBits() throws {
    var description = try ModelDescription.preset(named: "tiny")
    description.recipe.batchSize = 16
    let network = try Network(
      description: description, input: Shape(channels: 1, height: 12, width: 12), classCount: 4)
    let images = try ImageSet.synthetic(count: 40, height: 12, width: 12, classCount: 4)
    func run(threads: Int) throws -> RateTest {
      try RateTest.run(
        RateRange(lowest: 1e-3, highest: 0.1, stepCount: 8), network: network,
        recipe: description.recipe, images: images, normalization: .mnist, seed: 1,
        configuration: TestData.configuration(threads: threads))
    }
    let expected = try run(threads: 1)
    // Three minibatches an epoch: it goes on with the next one's order.
    #expect(expected.points.count == 8)
    #expect(Set(expected.points.map(\.loss)).count == 8)
    for threads in 2...3 { #expect(try run(threads: threads) == expected) }
  }

  @Test func largeRatesEndTheTest() throws {
    let description = try ModelDescription.preset(named: "tiny")
    let network = try Network(
      description: description, input: Shape(channels: 1, height: 12, width: 12), classCount: 4)
    var recipe = description.recipe
    recipe.batchSize = 16
    let test = try RateTest.run(
      RateRange(lowest: 1, highest: 1000, stepCount: 200), network: network, recipe: recipe,
      images: .synthetic(count: 64, height: 12, width: 12, classCount: 4), normalization: .mnist,
      seed: 1, configuration: TestData.configuration())
    #expect(test.points.count < 200 && test.isDiverged)
  }
}
