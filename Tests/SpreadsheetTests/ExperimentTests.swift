// What is refused before anything is computed, and with which message and exit code.
// A user who mistypes an option must read what was expected and what was found.
import PTrainDiagnostics
import Testing

@testable import PTrainSpreadsheet

@Suite struct ExperimentTests {
  private func failure(_ body: () throws -> Void) -> Failure? {
    do {
      try body()
      return nil
    } catch {
      return error as? Failure
    }
  }

  @Test(arguments: [0, -0.1, -0.0, .nan, .infinity, -.infinity])
  func ratesMustBePositiveAndFinite(rate: Double) throws {
    let found = failure { _ = try Experiment(learningRates: [0.1, rate]) }
    let failure = try #require(found)
    #expect(failure.kind == .usage)
    #expect(
      failure.message == "`learningRates`: expected finite rates greater than 0, found \(rate)")
  }

  @Test func ratesMustBeThereAndDiffer() {
    #expect(failure { _ = try Experiment(learningRates: []) }?.kind == .usage)
    let twice = failure { _ = try Experiment(learningRates: [0.5, 0.2, 0.5]) }
    #expect(twice?.message == "`learningRates`: 0.5 is given twice; each rate is one sheet")
  }

  @Test(arguments: [0, -1, Int.min, 65_001, Int.max])
  func rowCountsHaveLimits(iterations: Int) {
    let found = failure { _ = try Experiment(iterations: iterations) }
    #expect(found?.kind == .usage)
    #expect(
      found?.message == "`iterations`: expected 1 to 65000 rows a sheet, found \(iterations)")
  }

  @Test func startingValuesAreCounted() {
    var start = StartingValues()
    start.weights.removeLast()
    let short = failure { _ = try Experiment(start: start) }
    #expect(short == Failure(.usage, naming: .weights, ": expected 8 numbers, found 7"))
    start = StartingValues()
    start.inputs = [0.1, .nan]
    let notFinite = failure { _ = try Experiment(start: start) }
    #expect(notFinite == Failure(.usage, naming: .inputs, ": expected finite numbers, found nan"))
    start = StartingValues()
    start.targets = [0.1]
    #expect(failure { _ = try Experiment(start: start) }?.kind == .usage)
  }

  @Test func aRunThatASheetCannotRepeatIsRefused() throws {
    var start = StartingValues()
    start.weights[4] = -2000
    let found = failure { _ = try Experiment(start: start, learningRates: [0.5]) }
    let failure = try #require(found)
    #expect(failure.kind == .badData)
    #expect(failure.message.hasPrefix("learning rate 0.5: o1 is -1013."))
    start.weights[4] = 2000
    #expect(try Experiment(start: start).trajectories[0].rows[0][.outputActivation1] == 1)
  }

  @Test func otherStartingValuesReachTheTable() throws {
    var start = StartingValues()
    start.inputs = [1, 0]
    start.targets = [0.25, 0.75]
    start.weights[7] = -3
    let row = try Experiment(start: start, iterations: 1).trajectories[0].rows[0]
    #expect([row[.i1], row[.i2], row[.t1], row[.t2], row[.w8]] == [1, 0, 0.25, 0.75, -3])
    #expect(row[.h1] == 0.15)
    #expect(row[.h2] == 0.25)
  }
}
