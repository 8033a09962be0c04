// Windows as TensorFlow Lite knows them: `SAME`, `VALID`, or a border that an operator before puts there.

import PTrainNetworks

struct TFLiteWindow: Equatable, Sendable {
  private enum Kind: Int8 {
    case same = 0
    case valid = 1
  }

  private var kind: Kind
  /// What has to be put around the image before; none with `SAME`.
  private(set) var border: Padding
  let height, width, strideHeight, strideWidth, dilation: Int32

  /// `Padding` of the schema.
  var padding: FlatField { .number(kind.rawValue) }

  init(_ window: Window, input: Shape, output: Shape) {
    (height, width) = (Int32(window.height), Int32(window.width))
    (strideHeight, strideWidth) = (Int32(window.verticalStride), Int32(window.horizontalStride))
    dilation = Int32(window.dilation)
    let rows = Axis(
      extent: input.height, outputs: output.height, stride: window.verticalStride,
      reach: (window.height - 1) * window.dilation + 1, before: window.padding.top)
    let columns = Axis(
      extent: input.width, outputs: output.width, stride: window.horizontalStride,
      reach: (window.width - 1) * window.dilation + 1, before: window.padding.left)
    if rows.isValid && columns.isValid {
      (kind, border) = (.valid, .none)
    } else if rows.isSame && columns.isSame {
      (kind, border) = (.same, .none)
    } else {
      kind = .valid
      border = Padding(
        top: rows.before, left: columns.before, bottom: rows.behind, right: columns.behind)
    }
  }

  /// The share of each output's window that lies inside the image and not on the border.
  func sharesInside(_ input: Shape, _ output: Shape) -> [Float] {
    func counts(_ outputs: Int, _ stride: Int32, _ size: Int32, _ before: Int, _ extent: Int)
      -> [Int]
    {
      (0..<outputs).map {
        let first = $0 * Int(stride) - before
        return min(first + Int(size), extent) - max(first, 0)
      }
    }
    let rows = counts(output.height, strideHeight, height, border.top, input.height)
    let columns = counts(output.width, strideWidth, width, border.left, input.width)
    return rows.flatMap { row in columns.map { Float(row * $0) / Float(height * width) } }
  }

  /// Over a whole plane.
  init(whole input: Shape) {
    self.init(
      Window(height: input.height, width: input.width), input: input,
      output: Shape(channels: input.channels))
  }
}

/// A window along one axis, padded by `before` in front.
private struct Axis {
  var extent, outputs, stride, reach, before: Int

  /// Zeros that the last window reads behind the image.
  var behind: Int { max((outputs - 1) * stride + reach - extent - before, 0) }

  var isValid: Bool { before == 0 && outputs == (extent - reach) / stride + 1 && extent >= reach }

  /// ⌈extent / stride⌉ outputs, the odd pixel behind.
  var isSame: Bool {
    let total = max((outputs - 1) * stride + reach - extent, 0)
    return outputs == (extent + stride - 1) / stride && before == total / 2
  }
}
