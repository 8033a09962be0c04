// How many outputs a window leaves, and how far an image is padded for it.
// Each window meets the image: padding is less than the window's reach.

import PTrainDiagnostics

extension GraphBuilder {
  /// The window with its padding resolved, and the shape that it leaves of `shape`'s channels.
  func slide(
    _ size: Extents, stride: Extents, padding: LayerPadding, dilation: Int = 1, over shape: Shape,
    at site: Site
  ) throws(Failure) -> (Window, Shape) {
    let numbers = [size.height, size.width, stride.height, stride.width, dilation]
    guard numbers.allSatisfy({ (1...Network.valueLimit).contains($0) }) else {
      throw site.failure("window, stride or padding is not a size that can be used")
    }
    let rows = Axis(
      extent: shape.height, reach: (size.height - 1) * dilation + 1, stride: stride.height)
    let columns = Axis(
      extent: shape.width, reach: (size.width - 1) * dilation + 1, stride: stride.width)
    guard let (top, bottom) = rows.padding(padding, \.height),
      let (left, right) = columns.padding(padding, \.width)
    else {
      throw site.failure("window, stride or padding is not a size that can be used")
    }
    guard let height = rows.outputs(top + bottom), let width = columns.outputs(left + right) else {
      var text = ""
      if case .sides(let sides) = padding, sides != 0 {
        text = " with padding " + (top == left ? "\(top)" : sides.text)
      }
      throw site.failure(
        "input \(shape.height)x\(shape.width)\(text) is smaller than the window")
    }
    let window = Window(
      height: size.height, width: size.width, verticalStride: stride.height,
      horizontalStride: stride.width, dilation: dilation,
      padding: Padding(top: top, left: left, bottom: bottom, right: right))
    return (window, Shape(channels: shape.channels, height: height, width: width))
  }
}

/// A window along one axis of an image.
private struct Axis {
  var extent: Int
  /// From the first to the last tap.
  var reach: Int
  var stride: Int

  /// Before and behind the image; nil where a window would miss it.
  func padding(
    _ padding: LayerPadding, _ side: KeyPath<Extents, Int>
  ) -> (before: Int, behind: Int)? {
    switch padding {
    case .sides(let sides):
      let value = sides[keyPath: side]
      return (0..<reach).contains(value) ? (value, value) : nil
    case .same:
      let outputs = (extent + stride - 1) / stride
      let total = max((outputs - 1) * stride + reach - extent, 0)
      return (total / 2, total - total / 2)
    }
  }

  /// Outputs with so much padding in all, nil where the window does not fit.
  func outputs(_ padding: Int) -> Int? {
    let padded = extent + padding
    return padded < reach ? nil : (padded - reach) / stride + 1
  }
}
