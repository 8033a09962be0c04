// What is trained: the starting values of the 2-2-2 network, the learning rates, the row count.
// Everything a user can get wrong is refused here, before anything is computed or written.
import PTrainDiagnostics

/// Inputs, targets and starting weights of the 2-2-2 network without biases.
public struct StartingValues: Equatable, Sendable {
  /// i1, i2
  public var inputs: [Double] = [0.05, 0.10]
  /// t1, t2
  public var targets: [Double] = [0.01, 0.99]
  /// w1 … w8: w1 w2 lead to h1, w3 w4 to h2, w5 w6 to o1, w7 w8 to o2.
  public var weights: [Double] = [0.15, 0.20, 0.25, 0.30, 0.40, 0.45, 0.50, 0.55]

  public init() {}

  /// Throws a `Failure` of kind `usage` when a list has the wrong length or a value is not finite.
  func validate() throws {
    try Self.check(inputs, count: 2, .inputs)
    try Self.check(targets, count: 2, .targets)
    try Self.check(weights, count: 8, .weights)
  }

  private static func check(
    _ values: [Double], count: Int, _ parameter: FailureParameter
  ) throws {
    guard values.count == count else {
      throw Failure(
        .usage, naming: parameter, ": expected \(count) numbers, found \(values.count)")
    }
    if let bad = values.first(where: { !$0.isFinite }) {
      throw Failure(.usage, naming: parameter, ": expected finite numbers, found \(bad)")
    }
  }
}

/// One training run for each learning rate, all from the same starting values.
public struct Experiment: Sendable {
  /// The rates the class asks for.
  public static let defaultLearningRates = [0.1, 0.2, 0.5, 0.8, 1.0, 2.0]
  public static let defaultIterations = 300
  /// libxlsxwriter counts the points of a chart in 16 bits; a workbook itself has room for more.
  public static let maximumIterations = 65_000

  public let start: StartingValues
  public let iterations: Int
  public let trajectories: [Trajectory]

  /// Trains `iterations` rows for each rate.
  ///
  /// Throws a `Failure`: `usage` for rates that are not positive finite numbers or given twice, a
  /// row count outside 1 … `maximumIterations`, or unusable starting values; `badData` when a
  /// run leaves the range in which a spreadsheet can compute a sigmoid.
  public init(
    start: StartingValues = StartingValues(),
    learningRates: [Double] = defaultLearningRates,
    iterations: Int = defaultIterations
  ) throws {
    try start.validate()
    try Self.validate(learningRates: learningRates)
    guard (1...Self.maximumIterations).contains(iterations) else {
      throw Failure(
        .usage, naming: .iterations,
        ": expected 1 to \(Self.maximumIterations) rows a sheet, found \(iterations)")
    }
    self.start = start
    self.iterations = iterations
    trajectories = try learningRates.map {
      try Trajectory(start: start, learningRate: $0, iterations: iterations)
    }
  }

  private static func validate(learningRates: [Double]) throws {
    guard !learningRates.isEmpty else {
      throw Failure(
        .usage, naming: .learningRates, ": expected at least one rate, for example 0.1,0.5")
    }
    if let bad = learningRates.first(where: { !($0 > 0 && $0.isFinite) }) {
      throw Failure(
        .usage, naming: .learningRates, ": expected finite rates greater than 0, found \(bad)")
    }
    for (position, rate) in learningRates.enumerated()
    where learningRates[..<position].contains(rate) {
      throw Failure(
        .usage, naming: .learningRates, ": \(rate) is given twice; each rate is one sheet")
    }
  }
}
