// The values a chart shows before anything has recalculated, as in a preview or a protected view.
// libxlsxwriter takes them from cells that hold numbers; for formula cells it would write 0.
import CPTrainXlsxWriter
import Glibc

/// The cached points of a range that a chart refers to.
enum ChartCache {
  /// Gives `range` the cached numbers `values`, at most 65,535.
  static func fill(
    _ range: UnsafeMutablePointer<lxw_series_range>, with values: [Double]
  ) throws {
    try allocate(range, count: values.count)
    var point = range.pointee.data_cache.pointee.stqh_first
    for value in values {
      point?.pointee.number = value
      point = point?.pointee.list_pointers.stqe_next
    }
  }

  /// Gives the one cell of `range` the cached text; the library frees the copy.
  static func fill(_ range: UnsafeMutablePointer<lxw_series_range>, with text: String) throws {
    try allocate(range, count: 1)
    range.pointee.has_string_cache = 1
    let point = range.pointee.data_cache.pointee.stqh_first
    point?.pointee.is_string = 1
    point?.pointee.string = strdup(text)
  }

  /// Appends points of value 0 and tells the library to leave the range alone.
  private static func allocate(
    _ range: UnsafeMutablePointer<lxw_series_range>, count: Int
  ) throws {
    var zeros = [UInt8](repeating: 0, count: count)
    try Workbook.check(lxw_chart_add_data_cache(range, &zeros, UInt16(count), 1, 0))
  }
}
