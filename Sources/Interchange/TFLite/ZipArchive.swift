// A ZIP archive of one file, as it stands: how TensorFlow Lite packs files behind a model.
// Readers look for it from the end; what stands before it is no part of it (APPNOTE.TXT 6.3).

enum ZipArchive {
  /// The bytes of an archive that begins at `offset` of its file.
  static func storing(_ name: String, _ content: [UInt8], at offset: Int) -> [UInt8] {
    let entry = entry(name, content)
    let local = number(UInt32(0x0403_4b50)) + entry + Array(name.utf8) + content
    // Version made by; then what the local header has, comment, disk, attributes, place.
    let central =
      number(UInt32(0x0201_4b50)) + number(UInt16(20)) + entry + number(UInt16(0))
      + number(UInt16(0)) + number(UInt16(0)) + number(UInt32(0)) + number(UInt32(offset))
      + Array(name.utf8)
    let end =
      number(UInt32(0x0605_4b50)) + number(UInt32(0)) + number(UInt16(1)) + number(UInt16(1))
      + number(UInt32(central.count)) + number(UInt32(offset + local.count)) + number(UInt16(0))
    return local + central + end
  }

  /// What both headers of a file have: version, flags (UTF-8), method, time, sums, lengths.
  private static func entry(_ name: String, _ content: [UInt8]) -> [UInt8] {
    // 1 January 1980: the same bytes whenever it is written.
    let date = UInt16(1 << 5 | 1)
    let sizes = number(UInt32(content.count)) + number(UInt32(content.count))
    return number(UInt16(20)) + number(UInt16(1 << 11)) + number(UInt16(0)) + number(UInt16(0))
      + number(date) + number(CRC32.zip.checksum(content)) + sizes
      + number(UInt16(name.utf8.count)) + number(UInt16(0))
  }

  private static func number(_ value: some FixedWidthInteger) -> [UInt8] {
    withUnsafeBytes(of: value.littleEndian) { Array($0) }
  }
}
