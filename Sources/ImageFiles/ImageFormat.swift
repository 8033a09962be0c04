// What kind of picture a file holds, known by its first bytes: names lie.
// Kinds that are not read are known too, so that they are refused by name instead of passed over.

/// The forms of image file that are decoded.
package enum ImageFormat: String, CaseIterable, Sendable {
  case png = "PNG"
  case jpeg = "JPEG"
  case bmp = "BMP"
  /// The six of Netpbm: PBM, PGM and PPM as text or bytes.
  case pnm = "PNM"

  /// Bytes by which `recognize` and `unsupportedName` tell what a file is.
  package static let signatureByteCount = 16

  /// The form of a file that begins with `bytes`; nil where it is none of these.
  package static func recognize(_ bytes: [UInt8]) -> ImageFormat? {
    switch bytes.first {
    case 0x89: bytes.starts(with: pngSignature) ? .png : nil
    case 0xff: bytes.starts(with: jpegSignature) ? .jpeg : nil
    case UInt8(ascii: "B"): isBitmap(bytes) ? .bmp : nil
    case UInt8(ascii: "P"): isNetpbm(bytes.prefix(signatureByteCount)) ? .pnm : nil
    default: nil
    }
  }

  private static let pngSignature: [UInt8] = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]
  private static let jpegSignature: [UInt8] = [0xff, 0xd8, 0xff]

  /// A kind, then blanks, then a number or a comment: a text may begin with `P1 `.
  private static func isNetpbm(_ start: ArraySlice<UInt8>) -> Bool {
    guard start.count > 2, PNMHeader.kinds.contains(start[1]) else { return false }
    let rest = start[2...].drop { $0 == 32 || (9...13).contains($0) }
    guard let next = rest.first else { return false }
    return next == UInt8(ascii: "#")
      || rest.startIndex > 2 && (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(next)
  }

  /// `BM`, four bytes that say how long the file is, four reserved ones, of which the first two often
  /// are not 0, and where the pixels lie: within the first 64 KiB.
  private static func isBitmap(_ start: [UInt8]) -> Bool {
    start.count >= 14 && start[1] == UInt8(ascii: "M") && start[12] == 0 && start[13] == 0
  }

  /// Whether a file called `name` is meant to be an image, decoded here or not.
  package static func isNameOfImage(_ name: [UInt8]) -> Bool {
    guard let dot = name.lastIndex(of: UInt8(ascii: ".")) else { return false }
    return endings.contains(String(decoding: name[(dot + 1)...], as: UTF8.self).lowercased())
  }

  private static let endings: Set<String> = [
    "png", "apng", "jpg", "jpeg", "jpe", "jfif", "bmp", "dib", "pnm", "pbm", "pgm", "ppm", "gif",
    "webp", "tif", "tiff", "heic", "heif", "avif", "jxl", "jp2", "j2k", "psd",
  ]

  /// The name of a form of image that is not decoded; nil where `bytes` begin none that is known.
  package static func unsupportedName(_ bytes: [UInt8]) -> String? {
    let start = Array(bytes.prefix(signatureByteCount))
    for (name, offset, signature) in unsupported
    where start.dropFirst(offset).starts(with: signature) {
      return name
    }
    return nil
  }

  private static let unsupported: [(name: String, offset: Int, signature: [UInt8])] = [
    ("GIF", 0, Array("GIF8".utf8)), ("WebP", 8, Array("WEBP".utf8)),
    ("TIFF", 0, Array("II*\0".utf8)), ("TIFF", 0, Array("MM\0*".utf8)),
    ("HEIF", 4, Array("ftyphei".utf8)), ("HEIF", 4, Array("ftypmif1".utf8)),
    ("AVIF", 4, Array("ftypavif".utf8)), ("JPEG XL", 0, [0xff, 0x0a]),
    ("JPEG XL", 4, Array("JXL \r\n".utf8)), ("JPEG 2000", 4, Array("jP  \r\n".utf8)),
    ("JPEG 2000", 0, [0xff, 0x4f, 0xff, 0x51]), ("Photoshop", 0, Array("8BPS".utf8)),
    ("PAM", 0, Array("P7\n".utf8)), ("PFM", 0, Array("Pf\n".utf8)),
    ("PFM", 0, Array("PF\n".utf8)), ("icon", 0, [0, 0, 1, 0]),
  ]
}
