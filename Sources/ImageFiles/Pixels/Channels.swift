// Grey values to colours and back, as `--channels` asks.

/// What a pixel of every image of a set is.
package enum ImageChannels: String, CaseIterable, Sendable {
  case gray, rgb

  /// Values of a pixel.
  package var count: Int { self == .gray ? 1 : 3 }
}

extension DecodedImage {
  /// The same image with pixels of another kind: three equal values for a grey one, the luma of a colour.
  package func converted(to target: ImageChannels) -> DecodedImage {
    if channels == target.count { return self }
    let pixelCount = height * width
    let converted = [UInt8](unsafeUninitializedCapacity: pixelCount * target.count) {
      (buffer, count) in
      for pixel in 0..<pixelCount {
        switch target {
        case .gray:
          buffer[pixel] =
            RGBColor(bytes[3 * pixel], bytes[3 * pixel + 1], bytes[3 * pixel + 2]).grey
        case .rgb:
          for channel in 0..<3 { buffer[3 * pixel + channel] = bytes[pixel] }
        }
      }
      count = pixelCount * target.count
    }
    return DecodedImage(height: height, width: width, channels: target.count, bytes: converted)
  }
}
