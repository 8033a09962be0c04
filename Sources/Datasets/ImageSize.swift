// A size of images as options write it.

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
