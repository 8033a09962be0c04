// One picture as bytes, whatever file it came from: the same picture gives the same bytes.
// Turned upright, without transparency, palette or 16 bits; what decides about a pixel stands here
// and in the files beside this, and nothing of it depends on the machine.

import PTrainDiagnostics

/// What a file does not say about its pixels.
package struct DecodingOptions: Equatable, Sendable {
  /// Lies behind transparent pixels.
  package var background: RGBColor
  /// Most pixels of an image, refused by what its header declares before memory is taken.
  package var pixelLimit: Int

  /// Largest width and height.
  package static let sideLimit = 65_535

  package init(background: RGBColor = .white, pixelLimit: Int = 1 << 27) {
    self.background = background
    self.pixelLimit = pixelLimit
  }
}

/// An upright image of grey values or colours.
package struct DecodedImage: Equatable, Sendable {
  package let height: Int
  package let width: Int
  /// Values of a pixel: 1 for grey, 3 for red, green and blue.
  package let channels: Int
  /// Values `[height, width, channels]`.
  package let bytes: [UInt8]

  package init(height: Int, width: Int, channels: Int, bytes: [UInt8]) {
    precondition(bytes.count == height * width * channels)
    self.height = height
    self.width = width
    self.channels = channels
    self.bytes = bytes
  }

  /// Decodes a file's bytes: PNG, JPEG, BMP or PNM.
  ///
  /// Grey are files of grey values and those whose palette holds nothing else. `source` names the file
  /// in errors, and is asked then alone. Throws `.badData` for anything but a complete image within the
  /// limits.
  package init(
    _ bytes: [UInt8], source: @autoclosure @escaping () -> String,
    options: DecodingOptions = DecodingOptions()
  ) throws(Failure) {
    let file = ImageFile(bytes: bytes, source: source, options: options)
    switch ImageFormat.recognize(bytes) {
    case .png: self = try PNGFile.decode(file)
    case .jpeg: self = try JPEGFile.decode(file)
    case .bmp: self = try BMPFile.decode(file)
    case .pnm: self = try PNMFile.decode(file)
    case nil: throw file.unrecognized
    }
  }
}

/// A file's bytes on their way to pixels.
struct ImageFile {
  let bytes: [UInt8]
  /// Its name: text of a path, which costs as much as a small image.
  let source: () -> String
  let options: DecodingOptions

  func refusal(_ reason: String) -> Failure { Failure(.badData, "\(source()): \(reason)") }

  /// The declared size of the image; throws where it is beyond what is decoded.
  func checkSize(width: Int, height: Int) throws(Failure) {
    guard width > 0, height > 0 else {
      throw refusal("an image of \(width) x \(height) pixels; each side must be 1 or more")
    }
    let limit = DecodingOptions.sideLimit
    guard width <= limit, height <= limit else {
      throw refusal("declares \(width) x \(height) pixels; at most \(limit) a side are decoded")
    }
    guard width * height <= options.pixelLimit else {
      throw refusal(
        "declares \(width) x \(height) pixels; at most \(options.pixelLimit) are decoded")
    }
  }

  func truncated(_ format: ImageFormat) -> Failure {
    refusal("the \(format.rawValue) file ends too early; copy or fetch it again")
  }

  var unrecognized: Failure {
    if bytes.isEmpty { return refusal("the file is empty") }
    let expected = "expected PNG, JPEG, BMP or PNM"
    if let name = ImageFormat.unsupportedName(bytes) {
      return refusal("is \(name), which is not decoded; \(expected)")
    }
    let start = bytes.prefix(4).map { byte in
      (byte < 16 ? "0" : "") + String(byte, radix: 16)
    }
    return refusal("no image: begins with \(start.joined(separator: " ")); \(expected)")
  }
}
