// Colours of 8 bits and the few formulas between colours, grey values, transparency and inks.
// All in integers, each rounded in one stated way.

/// Red, green and blue.
package struct RGBColor: Equatable, Sendable {
  package let red: UInt8
  package let green: UInt8
  package let blue: UInt8

  package static let white = RGBColor(255, 255, 255)
  package static let black = RGBColor(0, 0, 0)

  package init(_ red: UInt8, _ green: UInt8, _ blue: UInt8) {
    (self.red, self.green, self.blue) = (red, green, blue)
  }

  /// `white`, `black` or `#rrggbb`; nil for any other text.
  package init?(_ text: String) {
    switch text {
    case "white": self = .white
    case "black": self = .black
    default:
      let digits = text.dropFirst().utf8.map {
        UInt32(Character(Unicode.Scalar($0)).hexDigitValue ?? 16)
      }
      guard text.first == "#", digits.count == 6, digits.allSatisfy({ $0 < 16 }) else { return nil }
      self.init(
        UInt8(digits[0] << 4 | digits[1]), UInt8(digits[2] << 4 | digits[3]),
        UInt8(digits[4] << 4 | digits[5]))
    }
  }

  /// As `init(_:)` reads it.
  package var text: String {
    "#" + [red, green, blue].map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }

  package var isGrey: Bool { red == green && green == blue }

  /// ITU-R BT.601 luma with weights of 16 bits, as Pillow has it: a grey colour keeps its value.
  package var grey: UInt8 {
    let weighted: UInt32 = 19_595 * UInt32(red) + 38_470 * UInt32(green) + 7_471 * UInt32(blue)
    return UInt8((weighted + 0x8000) >> 16)
  }

  /// What is seen of this colour before `background`; `alpha` 255 is opaque.
  func composited(alpha: UInt8, on background: RGBColor) -> RGBColor {
    if alpha == 255 { return self }
    return RGBColor(
      mixed(red, background.red, alpha), mixed(green, background.green, alpha),
      mixed(blue, background.blue, alpha))
  }
}

/// `(alpha · front + (255 - alpha) · back) / 255`, rounded to the nearest.
@inline(__always)
private func mixed(_ front: UInt8, _ back: UInt8, _ alpha: UInt8) -> UInt8 {
  let alpha = UInt32(alpha)
  return UInt8((alpha * UInt32(front) + (255 - alpha) * UInt32(back) + 127) / 255)
}

/// A sample of 0 to `largest` as 0 to 255, rounded to the nearest, a half up.
@inline(__always)
func scaledTo8Bits(_ sample: Int, largest: Int) -> UInt8 {
  UInt8((sample * 255 + largest / 2) / largest)
}

extension DecodedImage {
  /// `[height, width, 4]` of cyan, magenta, yellow and black, 255 all ink, as an image of colours by
  /// the plain formula that Pillow uses: `(255 - ink) · (255 - black) / 255`.
  init(height: Int, width: Int, inks: [UInt8]) {
    var bytes = [UInt8](repeating: 0, count: height * width * 3)
    for pixel in 0..<height * width {
      let light = 255 - Int32(inks[4 * pixel + 3])
      for channel in 0..<3 {
        let product = Int32(inks[4 * pixel + channel]) * light + 128
        bytes[3 * pixel + channel] = UInt8(max(light - ((product >> 8) + product) >> 8, 0))
      }
    }
    self.init(height: height, width: width, channels: 3, bytes: bytes)
  }
}
