// The sheet that compares the learning rates: all error curves twice and E_total after some steps.
// The logarithmic chart shows what the linear one hides once the errors are small.
import CPTrainXlsxWriter

/// Writes the sheet `BackProp_Graph`.
enum GraphSheet {
  static let name = "BackProp_Graph"
  private static let size = ChartSize(width: 960, height: 480)
  /// Rows that a chart of `size` covers at the default height of 20 pixels, and one to spare.
  private static let chartRows = 25
  private static let firstChartRow = 2
  private static let summaryRow = firstChartRow + 2 * chartRows

  static func add(_ trajectories: [Trajectory], to workbook: Workbook, formats: CellFormats) throws
  {
    let sheet = try workbook.addSheet(name)
    try sheet.write(
      "What the learning rate does to the error", row: 0, column: 0, format: formats.title)
    let linear = ErrorChart(
      title: "E_total for each learning rate η", hasLegend: true, fontSize: 12)
    var logarithmic = linear
    logarithmic.title = "The same on a logarithmic scale"
    logarithmic.isLogarithmic = true
    for (position, chart) in [linear, logarithmic].enumerated() {
      try sheet.insert(
        chart.make(in: workbook, curves: curves(trajectories)),
        row: firstChartRow + position * chartRows, column: 0, size: size)
    }
    try writeSummary(trajectories, to: sheet, formats: formats)
    try setPage(of: sheet)
  }

  /// Named by the summary's first column, so that the legend follows a changed learning rate.
  private static func curves(_ trajectories: [Trajectory]) -> [ErrorCurve] {
    trajectories.enumerated().map { position, trajectory in
      let cell = "='\(name)'!$A$\(summaryRow + 2 + position + 1)"
      return ErrorCurve(
        trajectory: trajectory, color: position, name: (cell, legend(trajectory.learningRate)))
    }
  }

  private static func setPage(of sheet: Sheet) throws {
    try sheet.setWidth(16, columns: 0...0)
    try sheet.setWidth(15, columns: 1...8)
    sheet.fillPage()
  }

  /// E_total of each learning rate after a few numbers of steps, read live from the sheets.
  private static func writeSummary(
    _ trajectories: [Trajectory], to sheet: Sheet, formats: CellFormats
  ) throws {
    let steps = summarySteps(rowCount: trajectories[0].rows.count)
    try sheet.write(
      "E_total after so many steps", row: summaryRow, column: 0, format: formats.heading)
    try sheet.write("sheet's rate", row: summaryRow + 1, column: 0, format: formats.columnTitle)
    for (column, step) in steps.enumerated() {
      try sheet.write(
        "step \(step)", row: summaryRow + 1, column: 1 + column, format: formats.columnTitle)
    }
    for (row, trajectory) in trajectories.enumerated() {
      let source = "'\(TableSheet.name(of: trajectory))'!"
      try sheet.write(
        formula: "=\"η = \"&\(source)\(SheetLayout.learningRateCell)",
        cachedText: legend(trajectory.learningRate), row: summaryRow + 2 + row,
        column: 0,
        format: formats.step)
      for (column, step) in steps.enumerated() {
        try sheet.write(
          formula: "=\(source)\(SheetLayout.cell(.totalError, step: step))",
          cached: trajectory.rows[step][.totalError], row: summaryRow + 2 + row,
          column: 1 + column, format: formats.error)
      }
    }
  }

  /// As a spreadsheet joins a number to text: `η = 2`, not `η = 2.0`.
  private static func legend(_ rate: Double) -> String {
    let text = "η = \(rate)"
    return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
  }

  static func summarySteps(rowCount: Int) -> [Int] {
    [0, 10, 50, 100, 200].filter { $0 < rowCount - 1 } + [rowCount - 1]
  }
}
