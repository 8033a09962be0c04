// Windows that pools and depthwise convolutions are tested with, and plain loops over their pixels.
// Odd sizes, overlaps, gaps, and edges that only one side has.
import PTrainKernelTypes
import Testing

extension WindowGeometry: CustomTestStringConvertible {
  public var testDescription: String {
    "\(blocks)x\(height)x\(width) window \(windowHeight)x\(windowWidth)"
      + " stride \(verticalStride)x\(horizontalStride)"
      + " edges \(padding.top) \(padding.left) \(padding.bottom) \(padding.right)"
  }

  /// One square window over a map.
  static func square(
    _ window: Int, stride: Int, blocks: Int, height: Int, width: Int, padding: Edges = Edges(0)
  ) -> WindowGeometry {
    WindowGeometry(
      blocks: blocks, height: height, width: width, windowHeight: window, windowWidth: window,
      verticalStride: stride, horizontalStride: stride, padding: padding)
  }

  static let cases: [WindowGeometry] = [
    .square(1, stride: 1, blocks: 1, height: 1, width: 1),
    .square(2, stride: 2, blocks: 3, height: 8, width: 6),
    .square(2, stride: 2, blocks: 2, height: 7, width: 9),
    .square(3, stride: 2, blocks: 2, height: 13, width: 11, padding: Edges(1)),
    .square(3, stride: 1, blocks: 1, height: 5, width: 4, padding: Edges(1)),
    .square(3, stride: 1, blocks: 2, height: 6, width: 17),
    .square(2, stride: 3, blocks: 1, height: 10, width: 12),
    .square(
      3, stride: 2, blocks: 1, height: 8, width: 10,
      padding: Edges(top: 0, left: 0, bottom: 1, right: 1)),
    .square(
      3, stride: 2, blocks: 1, height: 6, width: 5,
      padding: Edges(top: 2, left: 0, bottom: 0, right: 1)),
    .square(5, stride: 2, blocks: 2, height: 9, width: 12, padding: Edges(2)),
    .square(5, stride: 1, blocks: 1, height: 7, width: 3, padding: Edges(2)),
    .square(3, stride: 1, blocks: 1, height: 1, width: 1, padding: Edges(1)),
    .square(3, stride: 3, blocks: 1, height: 2, width: 2, padding: Edges(2)),
    WindowGeometry(
      blocks: 2, height: 9, width: 7, windowHeight: 4, windowWidth: 2, verticalStride: 1,
      horizontalStride: 3, padding: Edges(top: 3, left: 1, bottom: 0, right: 0)),
    WindowGeometry(
      blocks: 1, height: 25, width: 5, windowHeight: 25, windowWidth: 5, verticalStride: 1,
      horizontalStride: 1, padding: Edges(0)),
  ]

  /// Calls `body` with each output's index and lane, and the places of its window's pixels: taps, rows
  /// and columns of the image, whether inside it or not.
  func windows(_ body: (_ output: Int, _ taps: [(tap: Int, block: Int, y: Int, x: Int)]) -> Void) {
    for output in 0..<outputCount {
      let pixel = output / 16
      let block = pixel / (outputHeight * outputWidth)
      let top = pixel / outputWidth % outputHeight * verticalStride - padding.top
      let left = pixel % outputWidth * horizontalStride - padding.left
      let taps = (0..<taps).map {
        (tap: $0, block: block, y: top + $0 / windowWidth, x: left + $0 % windowWidth)
      }
      body(output, taps)
    }
  }

  /// The same with the indices into `[blocks, height, width, 16]` of the pixels inside the image.
  func insides(_ body: (_ output: Int, _ indices: [Int]) -> Void) {
    windows { output, taps in
      body(
        output,
        taps.filter { (0..<height).contains($0.y) && (0..<width).contains($0.x) }
          .map { (($0.block * height + $0.y) * width + $0.x) * 16 + output % 16 })
    }
  }
}
