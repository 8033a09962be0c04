// Steps of augmentation on the bytes of one image, in whole numbers.

import PTrainCLibrary

/// Factors of a colour step, 65,536 being 1.
struct ColorFactors: Equatable {
  let brightness: Int
  let contrast: Int
  let saturation: Int
}

/// Height and width in pixels of `channels` bytes, row by row.
struct AugmentedShape: Sendable {
  let height: Int
  let width: Int
  /// 1 for grey, 3 for red, green and blue.
  let channels: Int

  var count: Int { height * width * channels }
  private var row: Int { width * channels }

  /// Left to right.
  func mirror(_ source: UnsafePointer<UInt8>, to target: UnsafeMutablePointer<UInt8>) {
    for y in 0..<height {
      let from = source + y * row
      let to = target + y * row + row - channels
      for x in 0..<width {
        for channel in 0..<channels {
          to[channel &- x &* channels] = from[x &* channels &+ channel]
        }
      }
    }
  }

  /// By `x` to the right and `y` down, black where nothing comes from.
  func shift(
    _ source: UnsafePointer<UInt8>, to target: UnsafeMutablePointer<UInt8>, x: Int, y: Int
  ) {
    let kept = max(0, width - abs(x)) * channels
    for line in 0..<height {
      let to = target + line * row
      memset(to, 0, row)
      if line - y >= 0 && line - y < height && kept > 0 {
        let from = source + (line - y) * row
        memcpy(to + max(0, x) * channels, from + max(0, -x) * channels, kept)
      }
    }
  }

  /// By -1, 0 or 1 pixels down and right; what comes from outside is the image reflected about its
  /// outermost pixels.
  func shiftReflecting(
    _ source: UnsafePointer<UInt8>, to target: UnsafeMutablePointer<UInt8>, by shift: Int
  ) {
    func place(_ place: Int, _ extent: Int) -> Int {
      place < 0 ? -place : place < extent ? place : 2 * extent - 2 - place
    }
    for y in 0..<height {
      let from = source + place(y - shift, height) * row
      let to = target + y * row
      for x in 0..<width {
        memcpy(to + x * channels, from + place(x - shift, width) * channels, channels)
      }
    }
  }

  /// The part of a square inside the image; of an even side the centre is right below the middle.
  func blacken(_ image: UnsafeMutablePointer<UInt8>, side: Int, x: Int, y: Int) {
    let columns = max(0, x - side / 2)..<min(width, x - side / 2 + side)
    for line in max(0, y - side / 2)..<min(height, y - side / 2 + side) {
      memset(image + line * row + columns.lowerBound * channels, 0, columns.count * channels)
    }
  }

  /// Brightness, then contrast about the mean luma, then saturation; each result rounded to a byte.
  func adjust(_ image: UnsafeMutablePointer<UInt8>, _ factors: ColorFactors) {
    var total = 0
    for pixel in 0..<height * width {
      let values = image + pixel * channels
      for channel in 0..<channels {
        values[channel] = Self.byte(Int(values[channel]) &* factors.brightness)
      }
      total &+= luma(values)
    }
    let mean = (total + height * width / 2) / (height * width)
    for pixel in 0..<height * width {
      let values = image + pixel * channels
      for channel in 0..<channels {
        values[channel] = Self.blend(Int(values[channel]), mean, factors.contrast)
      }
      guard channels == 3 else { continue }
      let grey = luma(values)
      for channel in 0..<3 {
        values[channel] = Self.blend(Int(values[channel]), grey, factors.saturation)
      }
    }
  }

  /// ITU-R BT.601's, in 1/65,536.
  private func luma(_ values: UnsafeMutablePointer<UInt8>) -> Int {
    guard channels == 3 else { return Int(values[0]) }
    return (19595 &* Int(values[0]) &+ 38470 &* Int(values[1]) &+ 7471 &* Int(values[2]) &+ 0x8000)
      >> 16
  }

  private static func blend(_ value: Int, _ other: Int, _ factor: Int) -> UInt8 {
    byte(value &* factor &+ other &* (65536 &- factor))
  }

  /// In 1/65,536, to the nearest byte.
  private static func byte(_ value: Int) -> UInt8 {
    UInt8(truncatingIfNeeded: min(max((value &+ 0x8000) >> 16, 0), 255))
  }
}
