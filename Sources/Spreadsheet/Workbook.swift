// Owns a libxlsxwriter workbook and turns its error codes into failures.
// The only file that opens or closes the C library's handles.
import CPTrainXlsxWriter
import PTrainDiagnostics

/// A workbook that is written when `close` is called and dropped otherwise.
final class Workbook {
  let handle: UnsafeMutablePointer<lxw_workbook>
  private var isOpen = true

  /// `path` is where `close` writes; nothing is created before.
  init(path: String) throws {
    guard let handle = workbook_new(path) else {
      throw Failure(.fault, "libxlsxwriter could not start a workbook for \(path)")
    }
    self.handle = handle
    setProperties()
  }

  deinit {
    if isOpen { lxw_workbook_free(handle) }
  }

  func addSheet(_ name: String) throws -> Sheet {
    guard let sheet = workbook_add_worksheet(handle, name) else {
      throw Failure(.fault, "libxlsxwriter refused the sheet name \(name)")
    }
    return Sheet(handle: sheet, name: name)
  }

  func addChart(_ type: lxw_chart_type) throws -> UnsafeMutablePointer<lxw_chart> {
    guard let chart = workbook_add_chart(handle, UInt8(type.rawValue)) else {
      throw Failure(.fault, "libxlsxwriter could not add a chart")
    }
    return chart
  }

  func defineName(_ name: String, as reference: String) throws {
    try Self.check(workbook_define_name(handle, name, reference))
  }

  /// Writes the file and frees the library's memory.
  func close() throws {
    isOpen = false
    let status = workbook_close(handle)
    guard status != LXW_NO_ERROR else { return }
    let reason = String(cString: lxw_strerror(status))
    throw Failure(.inputOutput, "writing the workbook failed: \(reason)")
  }

  static func check(_ status: lxw_error) throws {
    guard status != LXW_NO_ERROR else { return }
    throw Failure(.fault, "libxlsxwriter: \(String(cString: lxw_strerror(status)))")
  }

  /// The fixed creation date makes two runs give the same file, byte for byte.
  private func setProperties() {
    var properties = lxw_doc_properties()
    properties.created = 1
    workbook_set_properties(handle, &properties)
  }
}

/// A worksheet and its name; rows and columns count from 0.
struct Sheet {
  let handle: UnsafeMutablePointer<lxw_worksheet>
  let name: String

  func write(_ text: String, row: Int, column: Int, format: CellFormat? = nil) throws {
    try Workbook.check(
      worksheet_write_string(handle, UInt32(row), UInt16(column), text, format))
  }

  func write(_ number: Double, row: Int, column: Int, format: CellFormat? = nil) throws {
    try Workbook.check(
      worksheet_write_number(handle, UInt32(row), UInt16(column), number, format))
  }

  /// `cached` is what a reader that does not recalculate shows.
  func write(
    formula: String, cached: Double, row: Int, column: Int, format: CellFormat? = nil
  ) throws {
    try Workbook.check(
      worksheet_write_formula_num(
        handle, UInt32(row), UInt16(column), formula, format, cached))
  }

  func write(
    formula: String, cachedText: String, row: Int, column: Int, format: CellFormat? = nil
  ) throws {
    try Workbook.check(
      worksheet_write_formula_str(
        handle, UInt32(row), UInt16(column), formula, format, cachedText))
  }

  func setWidth(_ width: Double, columns: ClosedRange<Int>) throws {
    try Workbook.check(
      worksheet_set_column(
        handle, UInt16(columns.lowerBound), UInt16(columns.upperBound), width, nil))
  }

  /// Without grid lines, all of it on one page of A4.
  func fillPage() {
    worksheet_gridlines(handle, UInt8(LXW_HIDE_ALL_GRIDLINES.rawValue))
    worksheet_set_paper(handle, 9)
    worksheet_fit_to_pages(handle, 1, 1)
  }

  func insert(_ chart: UnsafeMutablePointer<lxw_chart>, row: Int, column: Int, size: ChartSize)
    throws
  {
    var options = lxw_chart_options()
    options.x_offset = 4
    options.y_offset = 4
    options.x_scale = size.width / ChartSize.libraryDefault.width
    options.y_scale = size.height / ChartSize.libraryDefault.height
    try Workbook.check(
      worksheet_insert_chart_opt(handle, UInt32(row), UInt16(column), chart, &options))
  }
}

typealias CellFormat = UnsafeMutablePointer<lxw_format>

/// Pixels of a chart on the sheet.
struct ChartSize {
  let width: Double
  let height: Double
  static let libraryDefault = ChartSize(width: 480, height: 288)
}
