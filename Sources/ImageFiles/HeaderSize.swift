// The size of an image as it is seen, from its header alone: for messages about many files.

import PTrainDiagnostics

/// Width and height of an upright image, whose pixels may still be damaged.
package struct HeaderSize: Hashable, Sendable {
  package let width: Int
  package let height: Int

  /// Reads the beginning of a file; throws `.badData` where the header is not whole.
  package init(_ bytes: [UInt8], source: String) throws(Failure) {
    let file = ImageFile(
      bytes: bytes, source: { source }, options: DecodingOptions(pixelLimit: .max))
    switch ImageFormat.recognize(bytes) {
    case .png: self = try PNGFile.headerSize(file)
    case .jpeg: self = try JPEGFile.headerSize(file)
    case .bmp:
      let header = try BMPHeader(file)
      self.init(header.width, header.height, .upright)
    case .pnm:
      var tokens = PNMTokens(file)
      let header = try PNMHeader(&tokens)
      self.init(header.width, header.height, .upright)
    case nil: throw file.unrecognized
    }
  }

  init(_ width: Int, _ height: Int, _ orientation: Orientation) {
    (self.width, self.height) = orientation.swapsSides ? (height, width) : (width, height)
  }
}
