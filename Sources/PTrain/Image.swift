// One picture in memory.

import PTrainDiagnostics
import PTrainImageFiles

/// An upright image of grey values or colours, a byte a value.
public struct Image: Equatable, Sendable {
  let decoded: DecodedImage

  public var height: Int { decoded.height }
  public var width: Int { decoded.width }
  /// Values of a pixel: 1 for grey, 3 for red, green and blue.
  public var channels: Int { decoded.channels }
  /// Values `[height, width, channels]`.
  public var pixels: [UInt8] { decoded.bytes }

  /// Of values `[height, width, channels]`.
  ///
  /// Throws `.badData` where the sizes do not fit.
  public init(
    height: Int, width: Int, channels: Int = 1, pixels: [UInt8]
  ) throws(PTrainError) {
    let sides = 1...DecodingOptions.sideLimit
    guard sides.contains(height), sides.contains(width), [1, 3].contains(channels),
      pixels.count == height * width * channels
    else {
      throw Failure(
        .badData,
        "\(pixels.count) bytes are no image of \(height) x \(width) pixels of \(channels) values; "
          + "expected as many bytes as values, of 1 or 3 channels")
    }
    decoded = DecodedImage(height: height, width: width, channels: channels, bytes: pixels)
  }

  /// The content of a PNG, JPEG, BMP or PNM file.
  ///
  /// `name` stands for the file in errors. Throws `.badData` for anything but a complete image.
  public init(encoded bytes: [UInt8], name: String = "image") throws(PTrainError) {
    decoded = try DecodedImage(bytes, source: name)
  }

  /// Reads a PNG, JPEG, BMP or PNM file.
  ///
  /// Throws `.missingInput` where it cannot be opened, `.badData` for anything but a complete image.
  public init(contentsOf path: String) throws(PTrainError) {
    try self.init(encoded: try readFile(path, limit: Self.byteLimit), name: path)
  }

  /// Longest file that is read, in bytes.
  private static let byteLimit = 1 << 30
}
