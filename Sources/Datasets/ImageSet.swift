// Labelled images: one part (training, validation or test) of a dataset.
// Bytes stay bytes until a worker normalises them, a quarter of the memory of Floats.

import PTrainDiagnostics
import PTrainMemory
import PTrainNetworks

/// What a value of an image is held as.
public enum PixelType: String, Equatable, Sendable {
  /// Grey values or colours from 0 to 255.
  case byte
  /// Float32 of any range: measurements, spectra, windows of signals.
  case float

  /// Bytes of a value.
  public var size: Int { self == .byte ? 1 : MemoryLayout<Float>.size }
}

/// `count` images of one size with a label each; copies share the images.
public struct ImageSet: Equatable, Sendable {
  public let height: Int
  public let width: Int
  /// Values of a pixel: 1 for grey, 3 for colours.
  public let channels: Int
  public let pixelType: PixelType
  /// Values `[count, height, width, channels]`; those of 4 bytes in the machine's order.
  package let images: ByteStore
  /// Classes `[count]`, indices into `classNames`.
  public let labels: [UInt16]
  /// One a class; the numbers from 0 where the data has no names.
  public let classNames: [String]

  public var count: Int { labels.count }
  /// What a network for these images takes in.
  public var imageShape: Shape { Shape(channels: channels, height: height, width: width) }
  /// Bytes of an image.
  public var byteCount: Int { imageShape.count * pixelType.size }

  /// A set from memory; there must be `labels.count * height * width * channels` values.
  ///
  /// Without names the classes are the numbers up to the largest label.
  package init(
    height: Int, width: Int, channels: Int = 1, pixelType: PixelType = .byte, images: ByteStore,
    labels: [UInt16], classNames: [String]? = nil
  ) {
    precondition(images.count == labels.count * height * width * channels * pixelType.size)
    self.height = height
    self.width = width
    self.channels = channels
    self.pixelType = pixelType
    self.images = images
    self.labels = labels
    let classCount = Int(labels.max().map { Int($0) + 1 } ?? 0)
    precondition(classNames.map { $0.count >= classCount } ?? true)
    self.classNames = classNames ?? Self.numbers(classCount)
  }

  /// A copy of arrays: bytes `[count, height, width, channels]` and classes `[count]`.
  ///
  /// Without names the classes are the numbers up to the largest label. Throws `.badData` where the counts
  /// do not fit, or for a label without a name; `.fault` without memory.
  public init(
    height: Int, width: Int, channels: Int = 1, images: [UInt8], labels: [UInt16],
    classNames: [String]? = nil
  ) throws(Failure) {
    guard [height, width, channels].allSatisfy({ (1...65_536).contains($0) }),
      images.count == labels.count * height * width * channels
    else {
      throw Failure(
        .badData,
        "\(images.count) bytes are not \(labels.count) images of \(height) x \(width) pixels of "
          + "\(channels) values")
    }
    if let classNames, let sample = labels.firstIndex(where: { $0 >= classNames.count }) {
      throw Failure(
        .badData,
        "sample \(sample) has label \(labels[sample]), there are \(classNames.count) names of classes"
      )
    }
    self.init(
      height: height, width: width, channels: channels, images: try ByteStore(images),
      labels: labels, classNames: classNames)
  }

  /// Names of classes that have none.
  package static func numbers(_ classCount: Int) -> [String] { (0..<classCount).map(String.init) }

  /// Whether the data came without names of classes.
  var hasNumberedClasses: Bool { classNames == Self.numbers(classNames.count) }

  /// Values `[height, width, channels]` of an image; those of 4 bytes in the machine's order.
  public func pixels(of index: Int) -> [UInt8] {
    precondition(labels.indices.contains(index), "no image \(index)")
    return Array(
      UnsafeRawBufferPointer(start: images.base + index * byteCount, count: byteCount))
  }

  /// The samples of `range`, in order.
  public subscript(range: Range<Int>) -> ImageSet {
    ImageSet(
      height: height, width: width, channels: channels, pixelType: pixelType,
      images: images.part(range.lowerBound * byteCount..<range.upperBound * byteCount),
      labels: Array(labels[range]), classNames: classNames)
  }

  /// A copy of the samples at `indices`, in their order; throws `.fault` without memory.
  package func samples(at indices: [Int]) throws(Failure) -> ImageSet {
    let byteCount = byteCount
    let copies = try ByteStore(capacity: indices.count * byteCount) { (buffer) throws(Failure) in
      for (place, index) in indices.enumerated() {
        buffer.baseAddress!.advanced(by: place * byteCount).copyMemory(
          from: images.base + index * byteCount, byteCount: byteCount)
      }
      return buffer.count
    }
    return ImageSet(
      height: height, width: width, channels: channels, pixelType: pixelType, images: copies,
      labels: indices.map { labels[$0] }, classNames: classNames)
  }
}

extension ImageSet {
  /// The same images labelled by their place among `names`; numbers, here or there, are such places.
  ///
  /// Throws `.badData` for a sample whose class is none of them; `source` and `part` (`test`) name the
  /// set in errors.
  package func relabeled(
    to names: [String], source: String, part: String = "test"
  ) throws(Failure) -> ImageSet {
    guard names != classNames else { return self }
    var places = classNames.indices.map(Optional.some)
    if !hasNumberedClasses, names != Self.numbers(names.count) {
      let known = Dictionary(names.enumerated().map { ($1, $0) }) { first, _ in first }
      places = classNames.map { known[$0] }
    }
    var relabeled = labels
    for (sample, label) in labels.enumerated() {
      guard let place = places[Int(label)], place < names.count else {
        throw unknownClass(sample, names, "\(source): \(part) sample \(sample)")
      }
      relabeled[sample] = UInt16(place)
    }
    return ImageSet(
      height: height, width: width, channels: channels, pixelType: pixelType, images: images,
      labels: relabeled, classNames: names)
  }

  private func unknownClass(_ sample: Int, _ names: [String], _ place: String) -> Failure {
    guard !hasNumberedClasses else {
      return Failure(
        .badData,
        "\(place) has label \(labels[sample]); training labels end at \(names.count - 1)")
    }
    return Failure(
      .badData,
      "\(place) is of class \(quoted(classNames[Int(labels[sample])])), which training does not know"
    )
  }
}

/// A name from a file for an error line: short, in quotes, without what a terminal would act on.
func quoted(_ name: String) -> String {
  let scalars = name.unicodeScalars.prefix(64).map { scalar in
    scalar.properties.generalCategory == .control ? "?" : Character(scalar)
  }
  return "'\(String(scalars))'"
}
