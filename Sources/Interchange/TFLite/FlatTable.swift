// Tables of a FlatBuffer as values: fields by their number in the schema.
// Fields that a table does not have read as the schema's defaults.

/// A table of a FlatBuffers schema.
struct FlatTable: Equatable, Sendable {
  /// By field number.
  var fields: [Int: FlatField] = [:]
}

/// What a field holds; numbers are little-endian.
enum FlatField: Equatable, Sendable {
  /// One number of 1, 2 or 4 bytes, in the table itself.
  case scalar([UInt8])
  case string(String)
  /// `count` numbers, the first at a multiple of `alignment`.
  case vector([UInt8], count: Int, alignment: Int)
  case table(FlatTable)
  case tables([FlatTable])
}

extension FlatField {
  static func number(_ value: some FixedWidthInteger) -> FlatField {
    .scalar(withUnsafeBytes(of: value.littleEndian) { Array($0) })
  }

  static func bool(_ value: Bool) -> FlatField { .number(UInt8(value ? 1 : 0)) }

  static func float(_ value: Float) -> FlatField { .number(value.bitPattern) }

  /// A vector of `[int]`.
  static func integers(_ values: [Int]) -> FlatField { numbers(values.map(Int32.init)) }

  static func numbers<Number>(_ values: [Number]) -> FlatField {
    .vector(
      values.withUnsafeBytes { Array($0) }, count: values.count,
      alignment: MemoryLayout<Number>.alignment)
  }
}
