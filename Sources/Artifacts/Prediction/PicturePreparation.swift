// From a picture to the bytes that a network was trained on: decoded, turned upright, on the model's
// background, as grey values or colours, in the network's size.

import PTrainDatasets
import PTrainDiagnostics
import PTrainImageFiles
import PTrainNetworks

/// How the images of a model's training were made.
package struct PicturePreparation: Sendable {
  /// Longest file that is read, in bytes.
  private static let byteLimit = 1 << 30

  private let preparation: ImagePreparation

  /// Throws `badData` for a model whose input is no picture.
  package init(_ model: TrainedModel) throws(Failure) {
    preparation = model.preparation
    guard preparation.channels != nil else {
      throw Failure(
        .badData,
        "takes inputs of \(model.network.input.channels) channels; pictures have 1 or 3")
    }
  }

  /// Bytes `[height, width, channels]`; nil for a file of a folder that is no picture at all.
  package func bytes(of picture: Picture) throws(Failure) -> [UInt8]? {
    try image(of: picture)?.bytes
  }

  /// The same of an image in memory.
  package func bytes(of image: DecodedImage) -> [UInt8] { preparation.prepared(image).bytes }

  private func image(of picture: Picture) throws(Failure) -> DecodedImage? {
    switch picture.content {
    case .file(let isNamed):
      let bytes = try readFile(picture.path, limit: Self.byteLimit)
      let isPicture =
        ImageFormat.recognize(bytes) != nil || ImageFormat.unsupportedName(bytes) != nil
      guard isNamed || isPicture else { return nil }
      return try preparation.image(bytes, source: picture.path)
    case .indexed(let file, let index): return preparation.prepared(file.image(index))
    }
  }
}

extension IDX {
  /// Image `index` of `[N, H, W]` or `[N, C, H, W]`.
  fileprivate func image(_ index: Int) -> DecodedImage {
    let (height, width) = (dimensions[dimensions.count - 2], dimensions[dimensions.count - 1])
    let (channels, plane) = (dimensions.count == 4 ? dimensions[1] : 1, height * width)
    let first = index * channels * plane
    let bytes = [UInt8](unsafeUninitializedCapacity: channels * plane) { buffer, count in
      for pixel in 0..<plane {
        for channel in 0..<channels {
          buffer[pixel * channels + channel] = elements[first + channel * plane + pixel]
        }
      }
      count = channels * plane
    }
    return DecodedImage(height: height, width: width, channels: channels, bytes: bytes)
  }
}
