// Windows and OS/2 bitmaps: palettes, plain and run-length encoded, 16, 24 and 32 bits.

import PTrainDiagnostics

enum BMPFile {
  static func decode(_ file: ImageFile) throws(Failure) -> DecodedImage {
    let header = try BMPHeader(file)
    switch header.compression {
    case .runs8, .runs4:
      let indices = try BMPRuns(header, file).indices()
      return try image(header, indices, file)
    default:
      let rows = try BMPRows(header, file)
      guard header.bitsPerPixel > 8 else { return try image(header, rows.indices(), file) }
      return rows.colors(background: file.options.background)
    }
  }

  private static func image(
    _ header: BMPHeader, _ indices: [UInt8], _ file: ImageFile
  ) throws(Failure) -> DecodedImage {
    let largest = Int(indices.max() ?? 0)
    guard largest < header.palette.colors.count else {
      throw file.refusal(
        "a pixel of colour \(largest); the palette has \(header.palette.colors.count)")
    }
    return header.palette.image(height: header.height, width: header.width, indices: indices)
  }
}

/// Pixels that stand row after row, each row filled up to a multiple of four bytes.
private struct BMPRows {
  private let header: BMPHeader
  private let bytes: [UInt8]
  private let stride: Int

  init(_ header: BMPHeader, _ file: ImageFile) throws(Failure) {
    self.header = header
    bytes = file.bytes
    let bitCount = header.width * header.bitsPerPixel
    stride = (bitCount + 31) / 32 * 4
    // Some programs leave out what fills up the last row.
    let end = header.dataOffset + stride * (header.height - 1) + (bitCount + 7) / 8
    guard end <= bytes.count else { throw file.truncated(.bmp) }
  }

  /// Where the row begins that is seen as number `row` from above.
  private func start(_ row: Int) -> Int {
    header.dataOffset + stride * (header.isTopDown ? row : header.height - 1 - row)
  }

  /// Numbers of colours `[height, width]`.
  func indices() -> [UInt8] {
    let bits = header.bitsPerPixel
    var indices: [UInt8] = []
    indices.reserveCapacity(header.width * header.height)
    for row in 0..<header.height {
      let start = start(row)
      for column in 0..<header.width {
        let bit = column * bits
        indices.append(bytes[start + bit / 8] >> (8 - bits - bit % 8) & UInt8((1 << bits) - 1))
      }
    }
    return indices
  }

  /// The image of pixels of two, three or four bytes.
  func colors(background: RGBColor) -> DecodedImage {
    let alpha = alphaMask
    var pixels = [UInt8](repeating: 0, count: header.width * header.height * 3)
    var target = 0
    forEachPixel { pixel in
      var color = RGBColor(
        header.masks[0]!.value(pixel), header.masks[1]!.value(pixel), header.masks[2]!.value(pixel))
      if let alpha { color = color.composited(alpha: alpha.value(pixel), on: background) }
      (pixels[target], pixels[target + 1], pixels[target + 2]) = (
        color.red, color.green, color.blue
      )
      target += 3
    }
    return DecodedImage(height: header.height, width: header.width, channels: 3, bytes: pixels)
  }

  /// Some programs declare an alpha and leave it 0 everywhere: no picture is meant to be invisible.
  private var alphaMask: ChannelMask? {
    guard let mask = header.masks[3] else { return nil }
    var isVisible = false
    forEachPixel { isVisible = isVisible || mask.value($0) != 0 }
    return isVisible ? mask : nil
  }

  private func forEachPixel(_ body: (Int) -> Void) {
    let byteCount = header.bitsPerPixel / 8
    for row in 0..<header.height {
      var position = start(row)
      for _ in 0..<header.width {
        var pixel = 0
        for byte in 0..<byteCount { pixel |= Int(bytes[position + byte]) << (8 * byte) }
        body(pixel)
        position += byteCount
      }
    }
  }
}
