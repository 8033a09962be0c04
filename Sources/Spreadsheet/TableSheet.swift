// One sheet for one learning rate: the rate, the error chart, the formulas and the live table.
// Every computed cell is a formula; our own numbers stand in the cells as cached results.
import CPTrainXlsxWriter

/// Writes the sheet `LR_<rate>` of a trajectory.
struct TableSheet {
  let trajectory: Trajectory
  let sheet: Sheet
  let formats: CellFormats

  static func name(of trajectory: Trajectory) -> String { "LR_\(trajectory.label)" }

  /// Adds the sheet to `workbook`; its curve has the palette's colour number `color`.
  static func add(
    _ trajectory: Trajectory, to workbook: Workbook, formats: CellFormats, color: Int
  ) throws {
    let sheet = try workbook.addSheet(name(of: trajectory))
    let table = TableSheet(trajectory: trajectory, sheet: sheet, formats: formats)
    try table.setPage()
    try table.writePanel()
    try table.writeHeader()
    for step in trajectory.rows.indices { try table.writeRow(step) }
    try workbook.defineName(
      "'\(sheet.name)'!learning_rate", as: "='\(sheet.name)'!\(SheetLayout.learningRateCell)")
    let chart = try ErrorChart(title: "Error at the learning rate of this sheet").make(
      in: workbook, curves: [ErrorCurve(trajectory: trajectory, color: color)])
    try sheet.insert(
      chart, row: SheetLayout.firstRow, column: 0, size: ChartSize(width: 480, height: 340))
  }

  private func setPage() throws {
    try sheet.setWidth(18, columns: 0...0)
    try sheet.setWidth(13, columns: 1...1)
    try sheet.setWidth(11.5, columns: 2...SheetLayout.lastPanelColumn)
    try sheet.setWidth(2, columns: SheetLayout.lastPanelColumn + 1...SheetLayout.stepColumn - 1)
    try sheet.setWidth(5, columns: SheetLayout.stepColumn...SheetLayout.stepColumn)
    for column in Column.allCases {
      let place = SheetLayout.column(column)
      try sheet.setWidth(Self.width(column), columns: place...place)
    }
    worksheet_freeze_panes(sheet.handle, UInt32(SheetLayout.firstRow), 0)
    worksheet_gridlines(sheet.handle, UInt8(LXW_HIDE_ALL_GRIDLINES.rawValue))
    try setPrintedPages()
  }

  /// Two A4 pages: the panel and the hidden layer, the output layer and the gradients; 50 steps.
  private func setPrintedPages() throws {
    worksheet_set_landscape(sheet.handle)
    worksheet_set_paper(sheet.handle, 9)  // A4
    worksheet_set_margins(sheet.handle, 0.3, 0.3, 0.3, 0.3)
    worksheet_set_print_scale(sheet.handle, 50)
    let step = UInt16(SheetLayout.stepColumn)
    try Workbook.check(worksheet_repeat_columns(sheet.handle, step, step))
    var breaks = [UInt16(SheetLayout.column(.w5)), 0]
    try Workbook.check(worksheet_set_v_pagebreaks(sheet.handle, &breaks))
    let lastRow = SheetLayout.firstRow + min(trajectory.rows.count, 51) - 1
    let lastColumn = SheetLayout.firstColumn + Column.allCases.count - 1
    try Workbook.check(
      worksheet_print_area(sheet.handle, 0, 0, UInt32(lastRow), UInt16(lastColumn)))
  }

  private static func width(_ column: Column) -> Double {
    switch column {
    case .t1, .t2, .i1, .i2: 7
    case .error1, .error2, .totalError: 11.5
    default: Column.gradients.contains(column) ? 10.5 : 9
    }
  }

  private func writePanel() throws {
    try sheet.write("Learning rate η", row: 0, column: 0, format: formats.heading)
    try sheet.write(
      trajectory.learningRate, row: SheetLayout.learningRateRow,
      column: SheetLayout.learningRateColumn, format: formats.learningRate)
    try sheet.write(
      "  ← change it, or a yellow number", row: 0, column: 2)
    try writeSummary()
    var row = SheetLayout.firstRow + 18
    for step in ExplanationStep.all {
      try sheet.write(step.title, row: row, column: 0, format: formats.heading)
      for (line, formula) in step.formulas.enumerated() {
        try sheet.write(formula, row: row + 1 + line, column: 0)
      }
      row += step.formulas.count + 1
    }
  }

  private func writeSummary() throws {
    let last = trajectory.rows.count - 1
    for (row, title, step) in [(1, "E_total, first row", 0), (2, "E_total, last row", last)] {
      try sheet.write(title, row: row, column: 0, format: formats.heading)
      try sheet.write(
        formula: "=" + SheetLayout.cell(.totalError, step: step),
        cached: trajectory.rows[step][.totalError], row: row, column: 1,
        format: formats.totalError)
    }
  }

  private func writeHeader() throws {
    for group in ColumnGroup.all {
      try Workbook.check(
        worksheet_merge_range(
          sheet.handle, UInt32(SheetLayout.groupRow), UInt16(SheetLayout.column(group.first)),
          UInt32(SheetLayout.groupRow), UInt16(SheetLayout.column(group.last)), group.title,
          formats.groups[group.layer]))
    }
    try sheet.write(
      "step", row: SheetLayout.titleRow, column: SheetLayout.stepColumn,
      format: formats.columnTitle)
    for column in Column.allCases {
      try sheet.write(
        column.title, row: SheetLayout.titleRow, column: SheetLayout.column(column),
        format: column == .totalError ? formats.totalErrorTitle : formats.columnTitle)
    }
  }

  private func writeRow(_ step: Int) throws {
    let row = SheetLayout.firstRow + step
    try sheet.write(
      Double(step), row: row, column: SheetLayout.stepColumn, format: formats.step)
    for column in Column.allCases {
      let value = trajectory.rows[step][column]
      let place = SheetLayout.column(column)
      if let formula = SheetLayout.formula(column, step: step) {
        try sheet.write(
          formula: formula, cached: value, row: row, column: place,
          format: formats.number(column))
      } else {
        try sheet.write(value, row: row, column: place, format: formats.input(column))
      }
    }
  }
}

/// The band above the column titles.
struct ColumnGroup {
  let title: String
  let first: Column
  let last: Column
  /// Which colour of `CellFormats.groups`.
  let layer: Int

  static let all = [
    ColumnGroup(title: "targets", first: .t1, last: .t2, layer: 0),
    ColumnGroup(title: "inputs", first: .i1, last: .i2, layer: 0),
    ColumnGroup(title: "weights to the hidden layer", first: .w1, last: .w4, layer: 1),
    ColumnGroup(title: "hidden layer", first: .h1, last: .hiddenActivation2, layer: 1),
    ColumnGroup(title: "weights to the output layer", first: .w5, last: .w8, layer: 2),
    ColumnGroup(title: "output layer", first: .o1, last: .outputActivation2, layer: 2),
    ColumnGroup(title: "error", first: .error1, last: .totalError, layer: 0),
    ColumnGroup(title: "gradients, hidden layer", first: .gradient1, last: .gradient4, layer: 1),
    ColumnGroup(title: "gradients, output layer", first: .gradient5, last: .gradient8, layer: 2),
  ]
}
