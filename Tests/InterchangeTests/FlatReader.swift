// Reads FlatBuffers as their rules say, and objects to what is out of bounds or out of line.

struct FlatReader {
  enum Fault: Error {
    case outOfBounds(Int)
    case misaligned(Int)
    case noText(Int)
  }

  let bytes: [UInt8]

  var identifier: String { String(decoding: bytes[4..<8], as: UTF8.self) }

  func root() throws -> Table { Table(reader: self, place: try target(of: 0)) }

  func number<Number: FixedWidthInteger>(_ place: Int, as: Number.Type = Number.self) throws
    -> Number
  {
    let size = MemoryLayout<Number>.size
    guard place >= 0, place + size <= bytes.count else { throw Fault.outOfBounds(place) }
    guard place.isMultiple(of: size) else { throw Fault.misaligned(place) }
    return bytes.withUnsafeBytes { $0.load(fromByteOffset: place, as: Number.self) }
  }

  /// Where the offset at `place` leads.
  fileprivate func target(of place: Int) throws -> Int {
    let offset = Int(try number(place, as: UInt32.self))
    guard offset > 0, place + offset < bytes.count else { throw Fault.outOfBounds(place) }
    return place + offset
  }

  struct Table {
    let reader: FlatReader
    let place: Int

    /// Where a field lies, nil where the table has none.
    func field(_ id: Int) throws -> Int? {
      let vtable = place - Int(try reader.number(place, as: Int32.self))
      let byteCount = Int(try reader.number(vtable, as: UInt16.self))
      guard 4 + 2 * id + 2 <= byteCount else { return nil }
      let offset = Int(try reader.number(vtable + 4 + 2 * id, as: UInt16.self))
      let tableByteCount = Int(try reader.number(vtable + 2, as: UInt16.self))
      guard offset < tableByteCount, place + tableByteCount <= reader.bytes.count else {
        throw Fault.outOfBounds(place)
      }
      return offset == 0 ? nil : place + offset
    }

    func number<Number: FixedWidthInteger>(_ id: Int, or usual: Number) throws -> Number {
      try field(id).map { try reader.number($0) } ?? usual
    }

    func float(_ id: Int) throws -> Float {
      Float(bitPattern: try number(id, or: 0))
    }

    func table(_ id: Int) throws -> Table? {
      try field(id).map { Table(reader: reader, place: try reader.target(of: $0)) }
    }

    /// The place of the first element, and how many there are.
    func vector(_ id: Int) throws -> (start: Int, count: Int)? {
      guard let field = try field(id) else { return nil }
      let start = try reader.target(of: field)
      return (start + 4, Int(try reader.number(start, as: UInt32.self)))
    }

    func numbers<Number: FixedWidthInteger>(_ id: Int, as: Number.Type = Number.self) throws
      -> [Number]
    {
      guard let (start, count) = try vector(id) else { return [] }
      return try (0..<count).map { try reader.number(start + $0 * MemoryLayout<Number>.size) }
    }

    func tables(_ id: Int) throws -> [Table] {
      guard let (start, count) = try vector(id) else { return [] }
      return try (0..<count).map {
        Table(reader: reader, place: try reader.target(of: start + 4 * $0))
      }
    }

    func string(_ id: Int) throws -> String {
      guard let (start, count) = try vector(id) else { return "" }
      guard try reader.number(start + count, as: UInt8.self) == 0 else {
        throw Fault.noText(start)
      }
      return String(decoding: reader.bytes[start..<start + count], as: UTF8.self)
    }
  }
}
