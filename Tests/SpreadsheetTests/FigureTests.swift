// The figures that the class's spreadsheet gives for the default network.
// They were computed independently of this code, so agreement is evidence, not habit.
import Testing

@testable import PTrainSpreadsheet

@Suite struct FigureTests {
  private static let experiment = Result { try Experiment() }

  private func trajectory(_ rate: Double) throws -> Trajectory {
    try #require(try Self.experiment.get().trajectories.first { $0.learningRate == rate })
  }

  @Test func firstErrorIsTheClassSpreadsheets() throws {
    for trajectory in try Self.experiment.get().trajectories {
      #expect(abs(trajectory.rows[0][.totalError] - 0.242519857) < 0.5e-9)
    }
  }

  @Test(arguments: [
    (Column.gradient1, 1.88255666940112e-4, 1e-18), (.gradient2, 3.76511333880224e-4, 1e-18),
    (.gradient3, 2.24813462576119e-4, 1e-18), (.gradient4, 4.49626925152238e-4, 1e-18),
    (.gradient5, 0.0721570729121363, 1e-16), (.gradient6, 0.0726907451919448, 1e-16),
    (.gradient7, -0.0424552500926047, 1e-16), (.gradient8, -0.0427692482800638, 1e-16),
  ])
  func firstGradientsAgreeToTheDigitsGiven(column: Column, figure: Double, lastDigit: Double)
    throws
  {
    // A unit of the last digit: ∂E/∂w4 is 4.4962692515223740e-4, which the figure rounds up.
    #expect(abs(try trajectory(0.1).rows[0][column] - figure) <= lastDigit)
  }

  @Test(arguments: [
    (0.1, 0.179745044696), (0.2, 0.133394751993), (0.5, 0.063392460081), (0.8, 0.037698662242),
    (1.0, 0.028908896331), (2.0, 0.012226107766),
  ])
  func errorAfterFiftySteps(rate: Double, figure: Double) throws {
    #expect(abs(try trajectory(rate).rows[50][.totalError] - figure) <= 0.5e-12)
  }

  @Test func defaultsAreTheClasses() throws {
    let experiment = try Self.experiment.get()
    #expect(experiment.trajectories.map(\.label) == ["0.1", "0.2", "0.5", "0.8", "1.0", "2.0"])
    #expect(experiment.trajectories.allSatisfy { $0.rows.count == 300 })
    #expect(
      Column.allCases.map(\.title).joined(separator: " ")
        == "t1 t2 i1 i2 w1 w2 w3 w4 h1 a_h1 h2 a_h2 w5 w6 w7 w8 o1 a_o1 o2 a_o2 E1 E2 E_total "
        + "∂E/∂w1 ∂E/∂w2 ∂E/∂w3 ∂E/∂w4 ∂E/∂w5 ∂E/∂w6 ∂E/∂w7 ∂E/∂w8")
  }
}
