// The table of one learning rate: a row for each training step.
// Sheets, CSV files and plots only read it; the reference network computes it.
import PTrainDiagnostics

/// One row of the table: the weights before a step, what the network makes of them, the gradients.
public struct Iteration: Equatable, Sendable {
  /// One value for each case of `Column`, in its order.
  public internal(set) var values = [Double](repeating: 0, count: Column.allCases.count)

  public internal(set) subscript(column: Column) -> Double {
    get { values[column.index] }
    set { values[column.index] = newValue }
  }

  /// Sets several columns at once; both sides in the same order.
  mutating func set(_ columns: [Column], to newValues: [Double]) {
    for (column, value) in zip(columns, newValues) { self[column] = value }
  }
}

/// Training of the 2-2-2 network with one learning rate.
public struct Trajectory: Equatable, Sendable {
  public let learningRate: Double
  /// Row k holds the network after k updates.
  public let rows: [Iteration]

  /// E_total before each step.
  public var errors: [Double] { rows.map { $0[.totalError] } }

  /// As file and sheet names carry it: `0.1`, `2.0`.
  public var label: String { "\(learningRate)" }

  /// Below this a spreadsheet's EXP(-h) overflows and the sheet shows an error, not a number.
  private static let smallestSum = -709.0

  init(start: StartingValues, learningRate: Double, iterations: Int) throws {
    self.learningRate = learningRate
    var network = try ClassNetwork(start)
    var rows: [Iteration] = []
    rows.reserveCapacity(iterations)
    for step in 0..<iterations {
      let row = network.train(learningRate: learningRate)
      try Self.check(row, step: step, learningRate: learningRate)
      rows.append(row)
    }
    self.rows = rows
  }

  private static func check(_ row: Iteration, step: Int, learningRate: Double) throws {
    for column in [Column.h1, .h2, .o1, .o2]
    where !(row[column] > smallestSum && row[column].isFinite) {
      throw Failure(
        .badData,
        "learning rate \(learningRate): \(column.title) is \(row[column]) after \(step) steps, "
          + "where a spreadsheet's EXP(-\(column.title)) overflows; try a smaller rate or weights")
    }
  }
}
