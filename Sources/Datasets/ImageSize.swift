// A size of images as options write it.

/// Width and height in pixels.
public struct ImageSize: Equatable, Sendable, CustomStringConvertible {
  public var width: Int
  public var height: Int

  public init(width: Int, height: Int) {
    self.width = width
    self.height = height
  }

  /// `96` or `128x96`, width first; nil for anything else, or sides beyond `IDX.sideLimit`.
  public init?(_ text: String) {
    let sides = text.split(separator: "x", omittingEmptySubsequences: false).map { Int($0) ?? 0 }
    guard (1...2).contains(sides.count), sides.allSatisfy((1...IDX.sideLimit).contains) else {
      return nil
    }
    self.init(width: sides[0], height: sides[sides.count - 1])
  }

  public var description: String { "\(width)x\(height)" }
}
