// What is done to each decoded image before it is a sample, in this order: transparency goes on the
// background, the Exif orientation is applied, grey values become colours or the reverse, and the size
// changes. Training, evaluation, prediction and exported preprocessing share it.

import PTrainDiagnostics
import PTrainImageFiles
import PTrainMemory
import PTrainNetworks

/// Nil stands for the data's own.
public struct ImagePreparation: Equatable, Sendable {
  public var size: ImageSize?
  package var channels: ImageChannels?
  package var background = RGBColor.white

  public init() {}

  /// A file's bytes as an image of the wanted kind; `source` names the file in errors, and is asked then
  /// alone.
  ///
  /// Throws `.badData` for what is no image.
  package func image(
    _ bytes: [UInt8], source: @autoclosure @escaping () -> String
  ) throws(Failure) -> DecodedImage {
    let options = DecodingOptions(background: background)
    return prepared(try DecodedImage(bytes, source: source(), options: options))
  }

  /// The same of an image that is decoded.
  package func prepared(_ decoded: DecodedImage) -> DecodedImage {
    var image = decoded
    if let channels { image = image.converted(to: channels) }
    if let size { image = image.resized(height: size.height, width: size.width) }
    return image
  }

  /// The same with the size and channels of a model's input where nothing else was chosen.
  package func completed(for input: Shape?) -> ImagePreparation {
    guard let input else { return self }
    var completed = self
    completed.size = size ?? ImageSize(height: input.height, width: input.width)
    completed.channels = channels ?? ImageChannels.allCases.first { $0.count == input.channels }
    return completed
  }

  /// What the choices are, for digests.
  var text: String {
    "size \(size?.description ?? "-") channels \(channels?.rawValue ?? "-") background "
      + "\(background.red),\(background.green),\(background.blue)"
  }
}
