// Where things stand on a learning-rate sheet, and the formula text of each of its cells.
// One place knows the coordinates: table, charts, names and summaries ask it.

/// Coordinates of a learning-rate sheet; rows and columns count from 0 as libxlsxwriter does.
///
/// The left panel holds the learning rate, the chart and the formulas in words; the table follows.
enum SheetLayout {
  static let learningRateRow = 0
  static let learningRateColumn = 1
  static let groupRow = 1
  static let titleRow = 2
  static let firstRow = 3
  static let lastPanelColumn = 4
  static let stepColumn = 6
  static let firstColumn = 7

  static let learningRateCell = "$B$1"

  static func column(_ column: Column) -> Int { firstColumn + column.index }

  /// The cell of a column in the row of a step, for example `L4`.
  static func cell(_ column: Column, step: Int) -> String {
    "\(letters(self.column(column)))\(firstRow + step + 1)"
  }

  /// The absolute range of a column's cells over all steps, for example `$AD$4:$AD$303`.
  static func range(column: Int, steps: Int) -> String {
    let name = letters(column)
    return "$\(name)$\(firstRow + 1):$\(name)$\(firstRow + steps)"
  }

  /// The live formula of a cell; nil where the first row holds a number.
  static func formula(_ column: Column, step: Int) -> String? {
    if let expression = column.expression {
      return "=" + substituteCells(in: expression, step: step)
    }
    guard step > 0 else { return nil }
    let previous = cell(column, step: step - 1)
    guard let gradient = column.gradient else { return "=" + previous }
    return "=\(previous)-\(learningRateCell)*\(cell(gradient, step: step - 1))"
  }

  /// Column titles in `expression` become cells of the step's row; other words stay.
  private static func substituteCells(in expression: String, step: Int) -> String {
    var result = ""
    var word = ""
    for character in expression + " " {
      if character.isLetter || character.isNumber || character == "_" {
        word.append(character)
        continue
      }
      result += Column(rawValue: word).map { cell($0, step: step) } ?? word
      result.append(character)
      word = ""
    }
    return String(result.dropLast())
  }

  /// Spreadsheet letters of a column counted from 0: A … Z, AA …
  static func letters(_ column: Int) -> String {
    let last = String(UnicodeScalar(UInt8(65 + column % 26)))
    return column < 26 ? last : letters(column / 26 - 1) + last
  }
}
