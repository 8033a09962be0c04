// Numbers in the bytes of a file that may be too short, least significant byte first.

package struct LittleEndianBytes {
  private let fields: [UInt8]

  package init(_ bytes: [UInt8]) { fields = bytes }

  package var count: Int { fields.count }

  /// Of up to eight bytes from `place` on; nil beyond the end, and for one beyond what an `Int` holds
  /// comfortably.
  package func number(_ place: Int, byteCount: Int) -> Int? {
    guard let bytes = bytes(place, byteCount) else { return nil }
    let value = bytes.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    return value < 1 << 48 ? Int(value) : nil
  }

  package func bytes(_ place: Int, _ count: Int) -> ArraySlice<UInt8>? {
    guard place >= 0, place <= fields.count, count <= fields.count - place else { return nil }
    return fields[place..<place + count]
  }
}
