// The frame around each event of an event file, which is TFRecord's:
// length (8 bytes), masked CRC of these, data, masked CRC of the data; all little-endian.

enum EventRecords {
  /// Longest record that is read back, in bytes.
  private static let byteLimit = 16 << 20

  static func frame(_ data: [UInt8]) -> [UInt8] {
    let length = littleEndian(UInt64(data.count))
    return length + littleEndian(CRC32.castagnoli.masked(length)) + data
      + littleEndian(CRC32.castagnoli.masked(data))
  }

  /// The data of the records of a file, up to the first that is cut off or damaged.
  static func read(_ bytes: [UInt8]) -> [ArraySlice<UInt8>] {
    var records: [ArraySlice<UInt8>] = []
    var rest = bytes[...]
    while rest.count >= 16 {
      let length = rest.prefix(8)
      let count = number(length)
      guard number(rest.dropFirst(8).prefix(4)) == UInt64(CRC32.castagnoli.masked(length)),
        count <= byteLimit, Int(count) <= rest.count - 16
      else { break }
      let data = rest.dropFirst(12).prefix(Int(count))
      let sum = rest.dropFirst(12 + Int(count)).prefix(4)
      guard number(sum) == UInt64(CRC32.castagnoli.masked(data)) else { break }
      records.append(data)
      rest = rest.dropFirst(16 + Int(count))
    }
    return records
  }

  private static func littleEndian(_ value: some FixedWidthInteger) -> [UInt8] {
    withUnsafeBytes(of: value.littleEndian) { Array($0) }
  }

  private static func number(_ bytes: ArraySlice<UInt8>) -> UInt64 {
    bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }
}
