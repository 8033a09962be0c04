// How a camera was held: the tag of Exif that says what has to be done to see the picture upright.

/// The eight values of Exif's orientation; the name says what is done to the stored pixels.
package enum Orientation: UInt16, CaseIterable, Sendable {
  case upright = 1
  case flippedHorizontally, turned180, flippedVertically, transposed, turned90, transversed,
    turned270

  /// Tag of the orientation in the first directory of Exif.
  private static let tag: UInt16 = 0x112
  /// Bytes of a directory's entry: tag, type, count, value.
  private static let entryByteCount = 12

  /// Reads a block of Exif, a TIFF file of its own; upright where it is damaged or says nothing.
  init(exif bytes: UnsafeBufferPointer<UInt8>) {
    self = Self.value(bytes).flatMap(Orientation.init(rawValue:)) ?? .upright
  }

  private static func value(_ bytes: UnsafeBufferPointer<UInt8>) -> UInt16? {
    guard bytes.count >= 8 else { return nil }
    let isLittleEndian = bytes.starts(with: Array("II*\0".utf8))
    guard isLittleEndian || bytes.starts(with: Array("MM\0*".utf8)) else { return nil }
    func integer(_ offset: Int, _ count: Int) -> Int? {
      guard offset <= bytes.count - count else { return nil }
      let part = bytes[offset..<offset + count]
      return isLittleEndian
        ? part.reversed().reduce(0) { $0 << 8 | Int($1) } : part.reduce(0) { $0 << 8 | Int($1) }
    }
    guard let directory = integer(4, 4), let count = integer(directory, 2) else { return nil }
    for index in 0..<count {
      let entry = directory + 2 + index * entryByteCount
      guard let tag = integer(entry, 2), let type = integer(entry + 2, 2) else { return nil }
      // A short, as Exif has it; some programs write a long.
      if tag == self.tag {
        return integer(entry + 8, type == 4 ? 4 : 2).flatMap(UInt16.init(exactly:))
      }
    }
    return nil
  }

  /// Whether height and width change places.
  var swapsSides: Bool { rawValue >= Self.transposed.rawValue }

  /// Row and column of the stored pixel that is seen at `(row, column)`.
  @inline(__always)
  func stored(_ row: Int, _ column: Int, height: Int, width: Int) -> (row: Int, column: Int) {
    switch self {
    case .upright: (row, column)
    case .flippedHorizontally: (row, width - 1 - column)
    case .turned180: (height - 1 - row, width - 1 - column)
    case .flippedVertically: (height - 1 - row, column)
    case .transposed: (column, row)
    case .turned90: (height - 1 - column, row)
    case .transversed: (height - 1 - column, width - 1 - row)
    case .turned270: (column, width - 1 - row)
    }
  }
}

extension DecodedImage {
  /// The image as it is seen.
  func turned(_ orientation: Orientation) -> DecodedImage {
    if orientation == .upright { return self }
    let (rows, columns) = orientation.swapsSides ? (width, height) : (height, width)
    var turned = [UInt8](repeating: 0, count: bytes.count)
    var target = 0
    for row in 0..<rows {
      for column in 0..<columns {
        let stored = orientation.stored(row, column, height: height, width: width)
        let source = (stored.row * width + stored.column) * channels
        for channel in 0..<channels { turned[target + channel] = bytes[source + channel] }
        target += channels
      }
    }
    return DecodedImage(height: rows, width: columns, channels: channels, bytes: turned)
  }
}
