// Labelled images as bytes: one half (training or test) of a dataset.
// Bytes stay bytes until a worker normalises them, a quarter of the memory of Floats.

import Diagnostics
import Memory
import Networks

/// `count` images of one size with a label each; copies share the images.
public struct ImageSet: Equatable, Sendable {
  public let height: Int
  public let width: Int
  /// Values of a pixel: 1 for grey, 3 for colours.
  public let channels: Int
  /// Values `[count, height, width, channels]`.
  package let images: ByteStore
  /// Classes `[count]`.
  public let labels: [UInt8]

  public var count: Int { labels.count }
  /// What a network for these images takes in.
  public var imageShape: Shape { Shape(channels: channels, height: height, width: width) }
  /// Bytes of an image.
  public var byteCount: Int { imageShape.count }

  /// A set from memory; there must be `labels.count * height * width * channels` values.
  package init(
    height: Int, width: Int, channels: Int = 1, images: ByteStore, labels: [UInt8]
  ) {
    precondition(images.count == labels.count * height * width * channels)
    self.height = height
    self.width = width
    self.channels = channels
    self.images = images
    self.labels = labels
  }

  /// A copy of arrays; throws `.fault` without memory.
  package init(
    height: Int, width: Int, channels: Int = 1, images: [UInt8], labels: [UInt8]
  ) throws(Failure) {
    self.init(
      height: height, width: width, channels: channels, images: try ByteStore(images),
      labels: labels)
  }

  /// Reads an image and a label file, plain or gzip, of equal count.
  ///
  /// Throws `.badData` naming the file, `.missingInput` if one cannot be opened.
  package init(imageFile: String, labelFile: String) throws(Failure) {
    let images = try IDX(imageFile, as: .images)
    let labels = try IDX(labelFile, as: .labels)
    guard images.dimensions[0] == labels.dimensions[0] else {
      throw Failure(
        .badData,
        "\(imageFile): \(images.dimensions[0]) images, but \(labels.dimensions[0]) labels in \(labelFile)"
      )
    }
    self.init(
      height: images.dimensions[1], width: images.dimensions[2], images: images.elements,
      labels: Array(labels.elements))
  }

  /// The samples of `range`, in order.
  public subscript(range: Range<Int>) -> ImageSet {
    ImageSet(
      height: height, width: width, channels: channels,
      images: images.part(range.lowerBound * byteCount..<range.upperBound * byteCount),
      labels: Array(labels[range]))
  }
}
