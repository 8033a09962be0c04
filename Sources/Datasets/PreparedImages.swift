// Images of a form that holds pixels, not files, in another size or with other channels.

import PTrainDiagnostics
import PTrainImageFiles
import PTrainMemory

extension ImageSet {
  /// The set with each image prepared as `options` ask; itself where that changes nothing.
  ///
  /// Throws `.usage` for values that are no bytes: nobody knows what grey or a mean of them would be.
  func prepared(_ options: ReadingOptions, source: String) throws(Failure) -> ImageSet {
    let preparation = options.preparation
    let size = preparation.size ?? ImageSize(height: height, width: width)
    let channels = preparation.channels?.count ?? channels
    guard (size.height, size.width, channels) != (height, width, self.channels) else { return self }
    guard pixelType == .byte, self.channels == 1 || self.channels == 3 else {
      throw Failure(
        .usage, naming: .preparation,
        ": \(source) holds \(pixelType)s of \(self.channels) channels, "
          + "expected bytes of 1 or 3")
    }
    let shape = ImageSlots.Shape(height: size.height, width: size.width, channels: channels)
    let prepared = try ByteStore(capacity: count * shape.byteCount) { (buffer) throws(Failure) in
      let slots = ImageSlots(buffer.baseAddress!, shape)
      _ = concurrentMap(count, threadCount: options.threadCount) { index in
        slots.store(preparation.prepared(image(index)), at: index)
      }
      return buffer.count
    }
    return ImageSet(
      height: size.height, width: size.width, channels: channels, images: prepared, labels: labels,
      classNames: classNames)
  }

  /// Of bytes.
  private func image(_ index: Int) -> DecodedImage {
    let bytes = images.part(index * byteCount..<(index + 1) * byteCount)
    return DecodedImage(height: height, width: width, channels: channels, bytes: Array(bytes))
  }
}
