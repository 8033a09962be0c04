// Charts of E_total against the step that recompute with the sheets they point at.
// A scatter chart, because only it has a numeric x axis in every spreadsheet program.
import CPTrainXlsxWriter
import PTrainDiagnostics

/// One curve of a chart: the error column of a learning-rate sheet.
struct ErrorCurve {
  let trajectory: Trajectory
  /// Counts in the palette.
  let color: Int
  /// The cell that holds the legend's text, for example `='BackProp_Graph'!$A$55`, and that text.
  var name: (cell: String, cached: String)?

  /// The range of one of the sheet's columns as a chart names it.
  func range(column: Int) -> String {
    "='\(TableSheet.name(of: trajectory))'!"
      + SheetLayout.range(column: column, steps: trajectory.rows.count)
  }
}

/// What distinguishes one error chart from another.
struct ErrorChart {
  var title: String
  var isLogarithmic = false
  var hasLegend = false
  var fontSize = 10.0

  func make(
    in workbook: Workbook, curves: [ErrorCurve]
  ) throws -> UnsafeMutablePointer<lxw_chart> {
    let chart = try workbook.addChart(LXW_CHART_SCATTER_STRAIGHT)
    for curve in curves { try add(curve, to: chart) }
    setTitle(of: chart)
    setAxes(of: chart, lastStep: (curves.map(\.trajectory.rows.count).max() ?? 1) - 1)
    return chart
  }

  private func add(_ curve: ErrorCurve, to chart: UnsafeMutablePointer<lxw_chart>) throws {
    let errors = curve.range(column: SheetLayout.column(.totalError))
    guard
      let series = chart_add_series(chart, curve.range(column: SheetLayout.stepColumn), errors)
    else { throw Failure(.fault, "libxlsxwriter could not add a curve to a chart") }
    try ChartCache.fill(
      series.pointee.values, with: curve.trajectory.rows.map { $0[.totalError] })
    chart_series_set_name(series, curve.name?.cell ?? Column.totalError.title)
    if let name = curve.name { try ChartCache.fill(series.pointee.title.range, with: name.cached) }
    var line = lxw_chart_line()
    line.color = Palette.curve(curve.color)
    line.width = 2.25
    chart_series_set_line(series, &line)
  }

  private func setTitle(of chart: UnsafeMutablePointer<lxw_chart>) {
    var font = lxw_chart_font()
    font.size = fontSize + 2
    font.bold = 1
    chart_title_set_name(chart, title)
    chart_title_set_name_font(chart, &font)
    guard hasLegend else {
      chart_legend_set_position(chart, UInt8(LXW_CHART_LEGEND_NONE.rawValue))
      return
    }
    font.size = fontSize
    font.bold = 0
    chart_legend_set_position(chart, UInt8(LXW_CHART_LEGEND_RIGHT.rawValue))
    chart_legend_set_font(chart, &font)
  }

  private func setAxes(of chart: UnsafeMutablePointer<lxw_chart>, lastStep: Int) {
    let x = chart.pointee.x_axis
    let y = chart.pointee.y_axis
    label(x, "step (weight updates so far)")
    label(y, isLogarithmic ? "E_total (log scale)" : "E_total")
    let scale = StepScale(lastStep: lastStep)
    chart_axis_set_min(x, 0)
    chart_axis_set_max(x, Double(scale.end))
    chart_axis_set_major_unit(x, Double(scale.tick))
    if isLogarithmic {
      chart_axis_set_log_base(y, 10)
      chart_axis_set_crossing_min(y)
      chart_axis_set_label_position(x, UInt8(LXW_CHART_AXIS_LABEL_POSITION_LOW.rawValue))
      chart_axis_set_num_format(y, "0.0E+00")
    } else {
      chart_axis_set_min(y, 0)
      chart_axis_set_num_format(y, "0.00")
    }
  }

  private func label(_ axis: UnsafeMutablePointer<lxw_chart_axis>?, _ name: String) {
    var font = lxw_chart_font()
    font.size = fontSize
    chart_axis_set_name(axis, name)
    chart_axis_set_name_font(axis, &font)
    chart_axis_set_num_font(axis, &font)
    var grid = lxw_chart_line()
    grid.color = 0xD9D9D9
    grid.width = 0.75
    chart_axis_major_gridlines_set_visible(axis, 1)
    chart_axis_major_gridlines_set_line(axis, &grid)
  }
}

/// The x axis from 0 to the first tick that covers every step.
struct StepScale: Equatable {
  /// The smallest of 1, 2, 5, 10, 20, 50 … that needs at most ten ticks.
  let tick: Int
  let end: Int

  init(lastStep: Int) {
    var decade = 1
    while lastStep > 50 * decade { decade *= 10 }
    tick = [1, 2, 5].first { lastStep <= 10 * $0 * decade }! * decade
    end = max(tick, (lastStep + tick - 1) / tick * tick)
  }
}
