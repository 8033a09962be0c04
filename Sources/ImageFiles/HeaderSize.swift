// The size of an image as it is seen, from its header alone: for messages about many files.

import CJPEG
import Diagnostics

/// Width and height of an upright image, whose pixels may still be damaged.
package struct HeaderSize: Hashable, Sendable {
  package let width: Int
  package let height: Int

  /// Reads the beginning of a file; throws `.badData` where the header is not whole.
  package init(_ bytes: [UInt8], source: String) throws(Failure) {
    let file = ImageFile(
      bytes: bytes, source: { source }, options: DecodingOptions(pixelLimit: .max))
    switch ImageFormat.recognize(bytes) {
    case .png:
      self = try PNGFile.withHeader(file) { context, header in
        Self(Int(header.width), Int(header.height), PNGFile.orientation(context))
      }
    case .jpeg:
      self = try bytes.withUnsafeBufferPointer { bytes throws(Failure) in try Self.jpeg(bytes, file)
      }
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

  private init(_ width: Int, _ height: Int, _ orientation: Orientation) {
    (self.width, self.height) = orientation.swapsSides ? (height, width) : (width, height)
  }

  private static func jpeg(
    _ bytes: UnsafeBufferPointer<UInt8>, _ file: ImageFile
  ) throws(Failure) -> HeaderSize {
    guard let decoder = ptrain_jpeg_open(bytes.baseAddress, bytes.count) else {
      throw file.refusal("no memory for a JPEG decoder")
    }
    defer { ptrain_jpeg_close(decoder) }
    var header = ptrain_jpeg_header()
    guard ptrain_jpeg_read_header(decoder, &header) else { throw file.truncated(.jpeg) }
    let exif = UnsafeBufferPointer(start: header.exif, count: header.exif_byte_count)
    return HeaderSize(Int(header.width), Int(header.height), Orientation(exif: exif))
  }
}
