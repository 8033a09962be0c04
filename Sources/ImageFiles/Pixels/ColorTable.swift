// Palettes: an image of few colours names them by number.

/// The colours that a file's pixels name.
struct ColorTable {
  let colors: [RGBColor]

  /// Whether an image of these is one of grey values: as it would be if it was saved without a palette.
  var isGrey: Bool { colors.allSatisfy(\.isGrey) }

  /// The image whose pixels `[height, width]` name colours of the table, each below its count.
  func image(height: Int, width: Int, indices: [UInt8]) -> DecodedImage {
    if isGrey {
      return DecodedImage(
        height: height, width: width, channels: 1, bytes: indices.map { colors[Int($0)].red })
    }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(3 * indices.count)
    for index in indices {
      let color = colors[Int(index)]
      bytes += [color.red, color.green, color.blue]
    }
    return DecodedImage(height: height, width: width, channels: 3, bytes: bytes)
  }
}
