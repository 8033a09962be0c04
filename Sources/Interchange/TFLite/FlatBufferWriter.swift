// The bytes of a FlatBuffer, front to back: a table's number of fields first, then the table, then what
// it refers to. Offsets between them lead forward, those from a table to its vtable backward.

struct FlatBufferWriter {
  /// Of an offset and of a vector's length.
  private static let offsetByteCount = 4

  private var bytes: [UInt8]
  /// Tables of one form share their vtable.
  private var vtables: [[UInt16]: Int] = [:]

  /// A file with this root; `identifier` has 4 characters.
  static func file(_ root: FlatTable, identifier: String) -> [UInt8] {
    precondition(identifier.utf8.count == offsetByteCount)
    var writer = FlatBufferWriter(bytes: [0, 0, 0, 0] + Array(identifier.utf8))
    writer.point(from: 0, to: writer.write(root))
    return writer.bytes
  }

  private init(bytes: [UInt8]) { self.bytes = bytes }

  // MARK: Tables

  /// Appends a table and what it refers to, returns its place.
  private mutating func write(_ table: FlatTable) -> Int {
    let fields = table.fields.sorted {
      ($1.value.inlineByteCount, $0.key) < ($0.value.inlineByteCount, $1.key)
    }
    var places = [UInt16](repeating: 0, count: (table.fields.keys.max() ?? -1) + 1)
    var byteCount = Self.offsetByteCount
    // Wide fields first, so that each is aligned.
    for (id, field) in fields {
      places[id] = UInt16(byteCount)
      byteCount += field.inlineByteCount
    }
    let vtable = placeOfVtable([UInt16(4 + 2 * places.count), UInt16(byteCount)] + places)
    align(Self.offsetByteCount)
    let start = bytes.count
    bytes += [UInt8](repeating: 0, count: byteCount)
    store(Int32(start - vtable), at: start)
    for (id, field) in fields.sorted(by: { $0.key < $1.key }) {
      let place = start + Int(places[id])
      if case .scalar(let value) = field {
        bytes.replaceSubrange(place..<place + value.count, with: value)
      } else {
        point(from: place, to: write(field))
      }
    }
    return start
  }

  private mutating func placeOfVtable(_ vtable: [UInt16]) -> Int {
    if let place = vtables[vtable] { return place }
    align(2)
    vtables[vtable] = bytes.count
    bytes += vtable.flatMap { [UInt8(truncatingIfNeeded: $0), UInt8($0 >> 8)] }
    return vtables[vtable]!
  }

  // MARK: What tables refer to

  private mutating func write(_ field: FlatField) -> Int {
    switch field {
    case .scalar: preconditionFailure("lies in its table")
    case .table(let table): return write(table)
    case .string(let text):
      let start = beginVector(count: text.utf8.count, alignment: 1)
      bytes += text.utf8 + [0]
      return start
    case .vector(let content, let count, let alignment):
      let start = beginVector(count: count, alignment: alignment)
      bytes += content
      return start
    case .tables(let tables):
      let start = beginVector(count: tables.count, alignment: Self.offsetByteCount)
      let first = bytes.count
      bytes += [UInt8](repeating: 0, count: Self.offsetByteCount * tables.count)
      for (index, table) in tables.enumerated() {
        point(from: first + Self.offsetByteCount * index, to: write(table))
      }
      return start
    }
  }

  /// Appends a length in such a place that what follows is aligned.
  private mutating func beginVector(count: Int, alignment: Int) -> Int {
    align(max(alignment, Self.offsetByteCount), before: Self.offsetByteCount)
    bytes += [0, 0, 0, 0]
    store(Int32(count), at: bytes.count - Self.offsetByteCount)
    return bytes.count - Self.offsetByteCount
  }

  // MARK: Bytes

  /// Appends zeros up to where `byteCount` more end at a multiple of `alignment`.
  private mutating func align(_ alignment: Int, before byteCount: Int = 0) {
    while !(bytes.count + byteCount).isMultiple(of: alignment) { bytes.append(0) }
  }

  private mutating func point(from place: Int, to target: Int) {
    store(Int32(target - place), at: place)
  }

  private mutating func store(_ value: Int32, at place: Int) {
    withUnsafeBytes(of: value.littleEndian) { number in
      bytes.replaceSubrange(place..<place + number.count, with: number)
    }
  }
}

extension FlatField {
  /// Bytes in its table.
  fileprivate var inlineByteCount: Int {
    if case .scalar(let value) = self { value.count } else { 4 }
  }
}
