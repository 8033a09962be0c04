// A table of images, one a row: a label, then the pixels from 0 to 255.
// Kaggle's form of MNIST, Fashion-MNIST, sign language and many others.

import PTrainDiagnostics
import PTrainMemory

/// The images of a CSV text, and their labels where it has any.
package struct CSVTable {
  /// Pixels of an image.
  package private(set) var pixelCount = 0
  /// `[N, pixelCount]`.
  package private(set) var pixels: [UInt8] = []
  /// As they stand in the text; empty where there are none.
  private(set) var labels: [String] = []

  package var count: Int { pixelCount == 0 ? 0 : pixels.count / pixelCount }

  /// Most pixels of an image.
  private static let pixelLimit = IDX.sideLimit * IDX.sideLimit
  /// Names of a label's column, in lower case.
  private static let labelNames = ["label", "labels", "class", "target", "y"]

  private let file: String
  /// The label's column; nil where there is none.
  private var labelColumn: Int? = 0

  /// Reads a table; `file` names it in errors.
  ///
  /// Without a header the first column is the label, unless `pixelCount` says that all columns are
  /// pixels. Throws `.badData` for anything but rows of equal length with numbers from 0 to 255.
  package init(_ bytes: [UInt8], file: String, pixelCount: Int? = nil) throws(Failure) {
    self.file = file
    var fields = CSVFields(bytes)
    guard fields.beginRow() else { throw Failure(.badData, "\(file): holds no rows") }
    let start = fields
    let head = try Self.firstRow(&fields, file)
    if head.isHeader {
      labelColumn = head.names.firstIndex { Self.labelNames.contains($0.lowercased()) }
    } else {
      fields = start
      if head.names.count == pixelCount { labelColumn = nil }
    }
    self.pixelCount = head.names.count - (labelColumn == nil ? 0 : 1)
    guard self.pixelCount > 0 else {
      throw Failure(
        .badData, "\(file): rows of \(head.names.count) fields; expected a label and pixels")
    }
    // A pixel is a digit and a separator at least.
    pixels.reserveCapacity(bytes.count / 4)
    if head.isHeader, !fields.beginRow() {
      throw Failure(.badData, "\(file): holds a header alone, no rows")
    }
    repeat { try readRow(&fields) } while fields.beginRow()
  }

  /// The fields of the first row, and whether they name columns.
  private static func firstRow(
    _ fields: inout CSVFields, _ file: String
  ) throws(Failure) -> (names: [String], isHeader: Bool) {
    var names: [String] = []
    var isHeader = false
    while true {
      guard let field = fields.next() else { throw brokenQuotes(file, fields.line) }
      // Labels may be words; pixels are numbers.
      if !names.isEmpty, fields.isWord(field) { isHeader = true }
      names.append(fields.text(field))
      guard names.count <= pixelLimit else {
        throw Failure(
          .badData, "\(file): more than \(pixelLimit) fields a row; expected a label and pixels")
      }
      if field.endsRow { return (names, isHeader) }
    }
  }

  private static func brokenQuotes(_ file: String, _ line: Int) -> Failure {
    Failure(.badData, "\(file), line \(line): quotes that are not closed, or text behind them")
  }

  private mutating func readRow(_ fields: inout CSVFields) throws(Failure) {
    let columnCount = pixelCount + (labelColumn == nil ? 0 : 1)
    var column = 0
    while true {
      guard let field = fields.next() else { throw Self.brokenQuotes(file, fields.line) }
      guard column < columnCount else { throw wrongLength(fields.line, columnCount, column + 1) }
      if column == labelColumn {
        labels.append(fields.number(field).map(String.init) ?? fields.text(field))
      } else if let value = fields.number(field), value <= 255 {
        pixels.append(UInt8(value))
      } else {
        throw Failure(
          .badData,
          "\(file), line \(fields.line): field \(column + 1) is \(quotedName(fields.text(field))); "
            + "expected a pixel, a whole number from 0 to 255")
      }
      column += 1
      if field.endsRow { break }
    }
    guard column == columnCount else { throw wrongLength(fields.line, columnCount, column) }
  }

  private func wrongLength(_ line: Int, _ expected: Int, _ found: Int) -> Failure {
    Failure(
      .badData,
      "\(file), line \(line): \(found > expected ? "more than \(expected)" : "\(found)") fields; "
        + "the first row has \(expected)")
  }

  // MARK: Images

  /// Height and width of the images: `size`, else a square's side.
  func size(_ size: ImageSize?) throws(Failure) -> ImageSize {
    if let size {
      guard size.width * size.height == pixelCount else {
        throw Failure(
          .usage, naming: .size,
          " \(size): the rows of \(file) hold \(pixelCount) pixels, not \(size.width * size.height)"
        )
      }
      return size
    }
    let side = Int(Double(pixelCount).squareRoot().rounded())
    guard side * side == pixelCount else {
      throw Failure(
        .badData, "\(file): \(pixelCount) pixels a row are no square; pass ", naming: .size,
        " WIDTHxHEIGHT")
    }
    return ImageSize(height: side, width: side)
  }

  /// The table as a labelled set; nil without labels. Classes that are no numbers are named as in the
  /// text, in the order of their bytes.
  ///
  /// Throws `.badData` for labels beyond the limit or empty ones.
  package func imageSet(_ size: ImageSize?) throws(Failure) -> ImageSet? {
    guard labelColumn != nil else { return nil }
    let size = try self.size(size)
    if let row = labels.firstIndex(of: "") {
      throw Failure(.badData, "\(file): row \(row + 1) has no label")
    }
    let numbers = labels.compactMap { Int($0) }
    if numbers.count == labels.count {
      if let row = numbers.firstIndex(where: { !(0..<labelLimit).contains($0) }) {
        throw Failure(
          .badData,
          "\(file): row \(row + 1) has label \(numbers[row]); expected 0 to \(labelLimit - 1)")
      }
      return try ImageSet(
        height: size.height, width: size.width, images: pixels, labels: numbers.map { UInt16($0) })
    }
    let names = Set(labels).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    guard names.count <= labelLimit else {
      throw Failure(.badData, "\(file): \(names.count) classes; expected up to \(labelLimit)")
    }
    let places = Dictionary(uniqueKeysWithValues: names.enumerated().map { ($1, UInt16($0)) })
    return try ImageSet(
      height: size.height, width: size.width, images: pixels, labels: labels.map { places[$0]! },
      classNames: names)
  }
}
