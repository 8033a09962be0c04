// The table's gradients against central differences of its own error.
// The formulas of the sheet are held against the same numbers in FormulaTests.
import Testing

@testable import PTrainSpreadsheet

@Suite struct GradientTests {
  private static var other: StartingValues {
    var start = StartingValues()
    start.inputs = [0.7, -1.3]
    start.targets = [0.8, 0.2]
    start.weights = [-0.6, 0.35, 0.9, -0.15, 1.2, -0.7, -0.45, 0.8]
    return start
  }

  private func error(_ start: StartingValues) throws -> Double {
    try Experiment(start: start, learningRates: [1], iterations: 1)
      .trajectories[0].rows[0][.totalError]
  }

  @Test(arguments: [StartingValues(), other])
  func gradientsAreTheSlopesOfTheError(start: StartingValues) throws {
    let row = try Experiment(start: start, learningRates: [1], iterations: 1)
      .trajectories[0].rows[0]
    let step = 1e-4
    for (position, column) in Column.gradients.enumerated() {
      var (up, down) = (start, start)
      up.weights[position] += step
      down.weights[position] -= step
      let slope = (try error(up) - error(down)) / (2 * step)
      // The difference quotient is off by its step squared times the third derivative.
      #expect(abs(row[column] - slope) < 1e-9, "\(column.title)")
    }
  }

  @Test func everyWeightStepsAtOnceAgainstItsGradient() throws {
    let rows = try Experiment(learningRates: [0.5], iterations: 3).trajectories[0].rows
    for (before, after) in zip(rows, rows.dropFirst()) {
      for weight in Column.weights {
        let gradient = try #require(weight.gradient)
        #expect(after[weight] == before[weight] - 0.5 * before[gradient])
      }
    }
  }
}
