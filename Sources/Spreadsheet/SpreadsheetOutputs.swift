// What a run of `ptrain spreadsheet` leaves: the workbook, tables as CSV, the error graph.
// All files are complete before the first one gets its name.
import PTrainDiagnostics

/// Where the results of an experiment go.
public struct SpreadsheetOutputs: Sendable {
  let workbook: String
  let csvDirectory: String?
  let plot: ErrorPlot?

  /// Throws a `Failure` of kind `usage` when `workbook` does not end in `.xlsx`.
  public init(workbook: String, csvDirectory: String? = nil, plot: ErrorPlot? = nil) throws {
    guard workbook.lowercased().hasSuffix(".xlsx") else {
      throw Failure(
        .usage, naming: .workbook, ": expected a name ending in .xlsx, found \(workbook)")
    }
    self.workbook = workbook
    self.csvDirectory = csvDirectory
    self.plot = plot
  }

  /// Writes every file and returns their paths.
  ///
  /// Throws a `Failure`: `cannotCreate` for a path that refuses or a plotter that is missing,
  /// `inputOutput` when writing fails half-way. No file is left half written or without the others.
  @discardableResult
  public func write(_ experiment: Experiment) throws -> [String] {
    var files = StagedFiles()
    try files.stage(workbook, bytes: Self.workbook(of: experiment))
    if let plot { try files.stage(plot.path, bytes: plot.render(experiment)) }
    if let csvDirectory {
      try makeDirectory(csvDirectory)
      for trajectory in experiment.trajectories {
        try files.stage(
          "\(csvDirectory)/lr_\(trajectory.label).csv", bytes: Array(trajectory.csv.utf8))
      }
    }
    return try files.commit()
  }

  /// The finished workbook; our own writing of it tells better what went wrong than the library's.
  private static func workbook(of experiment: Experiment) throws -> [UInt8] {
    let file = try TemporaryFile()
    let workbook = try Workbook(path: file.path)
    let formats = CellFormats(workbook)
    try ExplanationSheet.add(experiment, to: workbook, formats: formats)
    for (color, trajectory) in experiment.trajectories.enumerated() {
      try TableSheet.add(trajectory, to: workbook, formats: formats, color: color)
    }
    try GraphSheet.add(experiment.trajectories, to: workbook, formats: formats)
    try workbook.close()
    return try file.contents()
  }
}
