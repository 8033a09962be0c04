// The learning-rate range test (Smith, "Cyclical learning rates for training neural networks", 2017):
// a few steps with a rate that grows from step to step tell which rates a model learns with.

import PTrainDatasets
import PTrainDiagnostics
import PTrainNetworks

/// Rates from `lowest` to `highest`, each the same factor larger than the one before.
package struct RateRange: Equatable, Sendable {
  package var lowest: Double
  package var highest: Double
  package var stepCount: Int

  package init(lowest: Double = 1e-5, highest: Double = 10, stepCount: Int = 100) {
    self.lowest = lowest
    self.highest = highest
    self.stepCount = stepCount
  }

  /// `lowest · (highest / lowest)^(step / (stepCount - 1))`
  package func rate(at step: Int) -> Double {
    let share = stepCount > 1 ? Double(step) / Double(stepCount - 1) : 0
    return Elementary.exp(
      Elementary.log(lowest) + share * (Elementary.log(highest) - Elementary.log(lowest)))
  }
}

/// What the steps of a range test have shown.
package struct RateTest: Equatable, Sendable {
  package struct Point: Equatable, Sendable {
    package var rate: Double
    /// Mean cross-entropy of the step's minibatch, before the step.
    package var loss: Double
    /// Moving average of the losses so far, corrected for its start.
    package var smoothedLoss: Double
  }

  /// Share of the average that stays at each step.
  private static let smoothing = 0.9
  /// A smoothed loss that many times the smallest one ends the test.
  private static let divergence = 4.0
  /// The suggestion is this much below the rate of the smallest smoothed loss.
  package static let margin = 10.0

  package private(set) var points: [Point] = []
  private var average = 0.0
  /// Share of the average that stands for steps before the first.
  private var missing = 1.0

  package init() {}

  /// Whether the losses run away: no larger rate tells anything.
  package var isDiverged: Bool {
    guard let last = points.last, let best else { return false }
    return !last.loss.isFinite || last.smoothedLoss > Self.divergence * best.smoothedLoss
  }

  package mutating func add(rate: Double, loss: Double) {
    average = Self.smoothing * average + (1 - Self.smoothing) * loss
    missing *= Self.smoothing
    points.append(Point(rate: rate, loss: loss, smoothedLoss: average / (1 - missing)))
  }

  /// The first point with the smallest smoothed loss; nil before one.
  package var best: Point? {
    points.filter { $0.smoothedLoss.isFinite }.min { $0.smoothedLoss < $1.smoothedLoss }
  }

  /// A tenth of the rate with the smallest smoothed loss, which is on the slope that leads there; nil
  /// where the loss never fell, or fell to the end: the best rate is then outside of the range.
  package var suggestion: Double? {
    guard let best, best != points.first, best != points.last else { return nil }
    return best.rate / Self.margin
  }
}

extension RateTest {
  /// Trains a fresh model of `network` by its recipe on `images` with the rates of `range`, one a step.
  ///
  /// `listener` gets the test after each step. Throws `Failure` for what cannot be trained.
  package static func run(
    _ range: RateRange, network: Network, recipe: Recipe, images: ImageSet,
    normalization: Normalization, seed: UInt64, configuration: EngineConfiguration,
    _ listener: (RateTest) throws -> Void = { _ in }
  ) throws -> RateTest {
    try recipe.validate()
    let store = try SampleStore(images, normalization, binding: configuration.binding)
    let session = try Session(
      network,
      state: .first(
        of: network, recipe, images: images, normalization: normalization, seed: seed),
      configuration: configuration, sampleCapacity: recipe.batchSize, seed: seed, recipe: recipe,
      classWeights: recipe.classFactors(of: images))
    try session.requireSize(of: images)
    return try session.pool.lead {
      var test = RateTest()
      var order = [UInt32](repeating: 0, count: images.count)
      var epoch: UInt32 = 0
      while test.points.count < range.stepCount, !test.isDiverged {
        EpochOrder.permute(&order, seed: seed, epoch: epoch)
        try session.forEachMinibatch(of: order, store.source, epoch: epoch) { _, batch in
          let step = test.points.count
          guard step < range.stepCount, !test.isDiverged else { return }
          let rate = range.rate(at: step)
          let result = session.train(batch, index: step, rate: rate)
          test.add(rate: rate, loss: result.loss / Double(batch.count))
          try listener(test)
        }
        epoch += 1
      }
      return test
    }
  }
}
