// What stands before the pixels of a Windows or OS/2 bitmap: sizes, palette and colour masks.

import PTrainDiagnostics

/// The two headers, the palette and the masks of a bitmap.
struct BMPHeader {
  enum Compression: UInt32 { case none, runs8, runs4, masks, jpeg, png, masksWithAlpha }

  private static let fileHeaderByteCount = 14
  /// OS/2 1, Windows 3, two of Adobe's, OS/2 2, Windows 4 and 5.
  private static let byteCounts = [12, 40, 52, 56, 64, 108, 124]

  let width: Int
  let height: Int
  /// Whether the first row is the upper one.
  let isTopDown: Bool
  let bitsPerPixel: Int
  let compression: Compression
  /// Where the pixels begin.
  let dataOffset: Int
  let palette: ColorTable
  /// Red, green, blue and alpha, where a pixel holds them; alpha nil without.
  let masks: [ChannelMask?]

  init(_ file: ImageFile) throws(Failure) {
    let fields = LittleEndianFields(file)
    dataOffset = try fields.value(10, 4)
    let byteCount = try fields.value(Self.fileHeaderByteCount, 4)
    guard Self.byteCounts.contains(byteCount) else {
      throw file.refusal("a BMP header of \(byteCount) bytes, expected one of \(Self.byteCounts)")
    }
    let isOS2 = byteCount == 12
    if isOS2 {
      (width, height, isTopDown) = (try fields.value(18, 2), try fields.value(20, 2), false)
      bitsPerPixel = try fields.value(24, 2)
      compression = .none
    } else {
      width = try fields.value(18, 4)
      let signed = Int(Int32(truncatingIfNeeded: try fields.value(22, 4)))
      (height, isTopDown) = (abs(signed), signed < 0)
      bitsPerPixel = try fields.value(28, 2)
      compression = try Self.compression(try fields.value(30, 4), byteCount, bitsPerPixel, file)
    }
    try file.checkSize(width: width, height: height)
    guard [1, 4, 8, 16, 24, 32].contains(bitsPerPixel) else {
      throw file.refusal("a BMP of \(bitsPerPixel) bits a pixel, expected 1, 4, 8, 16, 24 or 32")
    }
    masks = try Self.masks(compression, bitsPerPixel, byteCount, fields)
    let colorCount = isOS2 ? 0 : try fields.value(46, 4)
    palette = try Self.palette(
      at: Self.fileHeaderByteCount + byteCount, entryByteCount: isOS2 ? 3 : 4,
      count: colorCount, bitsPerPixel, end: dataOffset, fields)
  }

  private static func compression(
    _ value: Int, _ byteCount: Int, _ bitsPerPixel: Int, _ file: ImageFile
  ) throws(Failure) -> Compression {
    guard let compression = Compression(rawValue: UInt32(value)), byteCount != 64 || value < 3
    else {
      throw file.refusal("a BMP of compression \(value), which is not decoded; save it without")
    }
    let depths: [Int]
    switch compression {
    case .none: return compression
    case .runs8: depths = [8]
    case .runs4: depths = [4]
    case .masks, .masksWithAlpha: depths = [16, 32]
    case .jpeg, .png:
      let name = compression == .png ? "PNG" : "JPEG"
      throw file.refusal("a BMP with \(name) data, which is not decoded; save it as \(name)")
    }
    guard depths.contains(bitsPerPixel) else {
      throw file.refusal("a BMP of compression \(value) with \(bitsPerPixel) bits a pixel")
    }
    return compression
  }

  private static func masks(
    _ compression: Compression, _ bitsPerPixel: Int, _ byteCount: Int, _ fields: LittleEndianFields
  ) throws(Failure) -> [ChannelMask?] {
    guard compression == .masks || compression == .masksWithAlpha else {
      let usual = bitsPerPixel == 16 ? [0x7c00, 0x3e0, 0x1f] : [0xff0000, 0xff00, 0xff]
      return usual.map { ChannelMask($0) } + [nil]
    }
    let hasAlpha = compression == .masksWithAlpha || byteCount >= 56
    var masks: [ChannelMask?] = []
    for index in 0..<(hasAlpha ? 4 : 3) {
      let bits = try fields.value(54 + 4 * index, 4)
      guard let mask = ChannelMask(bits) else {
        guard index == 3, bits == 0 else {
          throw fields.file.refusal("a BMP with the colour mask 0x\(String(bits, radix: 16))")
        }
        break
      }
      masks.append(mask)
    }
    return masks + Array(repeating: nil, count: 4 - masks.count)
  }

  /// As many colours as are declared, or as there can be, but none that would lie among the pixels.
  private static func palette(
    at start: Int, entryByteCount: Int, count: Int, _ bitsPerPixel: Int, end: Int,
    _ fields: LittleEndianFields
  ) throws(Failure) -> ColorTable {
    guard bitsPerPixel <= 8 else { return ColorTable(colors: []) }
    let possible = 1 << bitsPerPixel
    let count = min(
      count == 0 ? possible : min(count, possible), max(end - start, 0) / entryByteCount)
    var colors: [RGBColor] = []
    for index in 0..<count {
      let color = try fields.value(start + index * entryByteCount, 3)
      colors.append(
        RGBColor(UInt8(color >> 16 & 255), UInt8(color >> 8 & 255), UInt8(color & 255)))
    }
    return ColorTable(colors: colors)
  }
}

/// Some bits of a pixel that lie side by side.
struct ChannelMask {
  private let shift: Int
  private let largest: Int

  /// Nil where there is no bit or they do not lie side by side.
  init?(_ bits: Int) {
    guard bits > 0 else { return nil }
    shift = bits.trailingZeroBitCount
    largest = bits >> shift
    guard largest & (largest + 1) == 0 else { return nil }
  }

  @inline(__always)
  func value(_ pixel: Int) -> UInt8 {
    let sample = pixel >> shift & largest
    return largest == 255 ? UInt8(sample) : scaledTo8Bits(sample, largest: largest)
  }
}

/// Unsigned numbers of a file that may end too early.
struct LittleEndianFields {
  let file: ImageFile

  init(_ file: ImageFile) { self.file = file }

  func value(_ offset: Int, _ byteCount: Int) throws(Failure) -> Int {
    guard offset <= file.bytes.count - byteCount else { throw file.truncated(.bmp) }
    return file.bytes[offset..<offset + byteCount].reversed().reduce(0) { $0 << 8 | Int($1) }
  }
}
