// The workbook's first sheet: the network, each step with its formula, how to use the rest.
// A reader who opens the file without any other document finds here what the columns mean.
import CPTrainXlsxWriter

/// Writes the sheet `Network`.
enum ExplanationSheet {
  static let name = "Network"
  private static let pictureRow = 2
  /// Rows that the picture covers at the default height of 20 pixels, and one to spare.
  private static let pictureRows = 19

  static func add(
    _ experiment: Experiment, to workbook: Workbook, formats: CellFormats
  ) throws {
    let sheet = try workbook.addSheet(name)
    try sheet.write(
      "Backpropagation in a 2-2-2 network, step by step", row: 0, column: 0,
      format: formats.title)
    try insertPicture(into: sheet)
    var row = try write(
      values(experiment), under: "Starting values", to: sheet, formats: formats,
      firstRow: pictureRow + pictureRows)
    row = try writeSteps(to: sheet, formats: formats, firstRow: row)
    row = try write(
      usage(experiment.trajectories), under: "How to use the sheets", to: sheet, formats: formats,
      firstRow: row)
    _ = try write(
      mistakes, under: "Where this is easily got wrong", to: sheet, formats: formats,
      firstRow: row)
    try setPage(of: sheet)
  }

  private static func insertPicture(into sheet: Sheet) throws {
    var options = lxw_image_options()
    options.x_scale = 0.8
    options.y_scale = 0.8
    let picture = PackageResources.network_png
    try Workbook.check(
      worksheet_insert_image_buffer_opt(
        sheet.handle, UInt32(pictureRow), 0, picture, picture.count, &options))
  }

  private static func setPage(of sheet: Sheet) throws {
    try sheet.setWidth(30, columns: 0...0)
    try sheet.setWidth(100, columns: 1...1)
    sheet.fillPage()
  }

  /// Returns the first free row below.
  private static func writeSteps(
    to sheet: Sheet, formats: CellFormats, firstRow: Int
  ) throws -> Int {
    var row = firstRow
    for step in ExplanationStep.all {
      try sheet.write(step.title, row: row, column: 0, format: formats.heading)
      try sheet.write(step.meaning, row: row, column: 1)
      for formula in step.formulas {
        row += 1
        try sheet.write(formula, row: row, column: 1, format: formats.formula)
      }
      row += 2
    }
    return row
  }

  private static func write(
    _ lines: [String], under heading: String, to sheet: Sheet, formats: CellFormats, firstRow: Int
  ) throws -> Int {
    try sheet.write(heading, row: firstRow, column: 0, format: formats.heading)
    for (offset, line) in lines.enumerated() {
      try sheet.write(line, row: firstRow + offset, column: 1)
    }
    return firstRow + lines.count + 1
  }

  private static func values(_ experiment: Experiment) -> [String] {
    func list(_ columns: [Column], _ values: [Double]) -> String {
      zip(columns, values).map { "\($0.title) = \($1)" }.joined(separator: ",  ")
    }
    let start = experiment.start
    return [
      list(Column.inputs, start.inputs) + ";  " + list(Column.targets, start.targets),
      list(Column.weights, start.weights),
    ]
  }

  private static func usage(_ trajectories: [Trajectory]) -> [String] {
    let names = trajectories.map(TableSheet.name(of:))
    let sheets = names.count == 1 ? names[0] : "\(names[0]) … \(names[names.count - 1])"
    return [
      "\(sheets): one learning rate a sheet. A row is one training step; all its cells are formulas.",
      "Yellow cells are yours: the learning rate, targets, inputs and the weights of the first row.",
      "\(GraphSheet.name): the error curves of all sheets; it follows every change.",
    ]
  }

  private static let mistakes = [
    "The update subtracts η · ∂E/∂w from the weight; it does not scale the weight.",
    "∂E/∂w3 and ∂E/∂w4 carry a_h2 (1 − a_h2), the neuron they lead to, never a_h1.",
    "All gradients of a row use the weights of that row: w5 … w8 change only in the next one.",
    "E_total is compared at the same step on every sheet, with no learning rate left out.",
  ]
}
