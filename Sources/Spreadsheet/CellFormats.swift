// Number formats, colours and fonts of the workbook, each created once.
// Excel stores formats per workbook, so a sheet asks for one of these instead of making its own.
import CPTrainXlsxWriter

/// Colours as 0xRRGGBB, shared by the workbook's charts and the plot.
enum Palette {
  /// Distinguishable for colour-blind readers (Okabe and Ito, 2008), dark enough for thin lines.
  static let curves: [UInt32] = [0x0072B2, 0xE69F00, 0x009E73, 0xD55E00, 0xCC79A7, 0x56B4E9]
  static let accent: UInt32 = 0x1F3864
  static let input: UInt32 = 0xFFF2CC
  static let highlight: UInt32 = 0xFCE4D6
  static let layers: [UInt32] = [0xE7E6E6, 0xDDEBF7, 0xE2EFDA]

  static func curve(_ position: Int) -> UInt32 { curves[position % curves.count] }
}

/// The cell formats of one workbook.
struct CellFormats {
  let title: CellFormat
  let heading: CellFormat
  let formula: CellFormat
  let step: CellFormat
  let learningRate: CellFormat
  let datum: CellFormat
  let value: CellFormat
  /// Numbers a reader may change: targets and inputs, weights.
  private let datumInput: CellFormat
  private let valueInput: CellFormat
  let gradient: CellFormat
  let error: CellFormat
  let totalError: CellFormat
  let columnTitle: CellFormat
  let totalErrorTitle: CellFormat
  /// Band above the columns: data and errors, hidden layer, output layer.
  let groups: [CellFormat]

  init(_ workbook: Workbook) {
    func make(_ configure: (CellFormat) -> Void) -> CellFormat {
      let format = workbook_add_format(workbook.handle)!
      configure(format)
      return format
    }
    func number(_ pattern: String, fill: UInt32? = nil, bold: Bool = false) -> CellFormat {
      make {
        format_set_num_format($0, pattern)
        if let fill { format_set_bg_color($0, fill) }
        if bold { format_set_bold($0) }
      }
    }
    title = make {
      format_set_bold($0)
      format_set_font_size($0, 16)
      format_set_font_color($0, Palette.accent)
    }
    heading = make {
      format_set_bold($0)
      format_set_font_color($0, Palette.accent)
    }
    formula = make { format_set_font_name($0, "Courier New") }
    step = make {
      format_set_align($0, UInt8(LXW_ALIGN_CENTER.rawValue))
      format_set_font_color($0, 0x7F7F7F)
    }
    learningRate = make {
      format_set_bold($0)
      format_set_bg_color($0, Palette.input)
      format_set_border($0, UInt8(LXW_BORDER_MEDIUM.rawValue))
      format_set_align($0, UInt8(LXW_ALIGN_CENTER.rawValue))
    }
    datum = number("General")
    value = number("0.000000")
    datumInput = number("General", fill: Palette.input)
    valueInput = number("0.000000", fill: Palette.input)
    gradient = number("0.000E+00")
    error = number("0.000000000")
    totalError = number("0.000000000", fill: Palette.highlight, bold: true)
    columnTitle = make { Self.configureTitle($0, fill: 0xFFFFFF) }
    totalErrorTitle = make { Self.configureTitle($0, fill: Palette.highlight) }
    groups = Palette.layers.map { fill in make { Self.configureTitle($0, fill: fill) } }
  }

  private static func configureTitle(_ format: CellFormat, fill: UInt32) {
    format_set_bold(format)
    format_set_align(format, UInt8(LXW_ALIGN_CENTER.rawValue))
    format_set_bg_color(format, fill)
    format_set_border(format, UInt8(LXW_BORDER_THIN.rawValue))
    format_set_border_color(format, 0xA6A6A6)
  }

  func input(_ column: Column) -> CellFormat {
    column.gradient == nil ? datumInput : valueInput
  }

  func number(_ column: Column) -> CellFormat {
    switch column {
    case .t1, .t2, .i1, .i2: datum
    case .totalError: totalError
    case .error1, .error2: error
    default: Column.gradients.contains(column) ? gradient : value
    }
  }
}
