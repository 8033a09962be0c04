// What is done to each decoded image before it is a sample, in this order: transparency goes on the
// background, the Exif orientation is applied, grey values become colours or the reverse, and the size
// changes. Training, evaluation, prediction and exported preprocessing share it.

import Diagnostics
import ImageFiles

/// Height and width of every image of a set.
public struct ImageSize: Equatable, Sendable, CustomStringConvertible {
  public let height: Int
  public let width: Int

  /// Largest height and width.
  public static let sideLimit = 4096

  public init(height: Int, width: Int) {
    self.height = height
    self.width = width
  }

  /// `WxH`, or `N` for a square, each 1 to 4,096; nil for any other text.
  public init?(_ text: String) {
    let parts = text.split(separator: "x", omittingEmptySubsequences: false)
    let sides = parts.compactMap { part in
      part.utf8.allSatisfy { (0x30...0x39).contains($0) } ? Int(part) : nil
    }
    guard (1...2).contains(parts.count), sides.count == parts.count,
      sides.allSatisfy((1...Self.sideLimit).contains)
    else { return nil }
    self.init(height: sides[sides.count - 1], width: sides[0])
  }

  public var description: String { "\(width)x\(height)" }
}

/// Nil stands for the data's own.
public struct ImagePreparation: Equatable, Sendable {
  public var size: ImageSize?
  package var channels: ImageChannels?
  package var background = RGBColor.white

  public init() {}

  /// A file's bytes as an image of the wanted kind; `source` names the file in errors.
  ///
  /// Throws `.badData` for what is no image.
  package func image(_ bytes: [UInt8], source: String) throws(Failure) -> DecodedImage {
    let options = DecodingOptions(background: background)
    return prepared(try DecodedImage(bytes, source: source, options: options))
  }

  /// The same of an image that is decoded.
  package func prepared(_ decoded: DecodedImage) -> DecodedImage {
    var image = decoded
    if let channels { image = image.converted(to: channels) }
    if let size { image = image.resized(height: size.height, width: size.width) }
    return image
  }

  /// What the choices are, for digests.
  var text: String {
    "size \(size?.description ?? "-") channels \(channels?.rawValue ?? "-") background "
      + "\(background.red),\(background.green),\(background.blue)"
  }
}
