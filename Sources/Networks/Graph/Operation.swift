// What a node of the graph computes, every size resolved.
// A new operation is a case here, its shape, its reference file and a stage of the engine.

/// Zeros (or, for pools, nothing) around an image.
package struct Padding: Equatable, Sendable {
  package var top: Int
  package var left: Int
  package var bottom: Int
  package var right: Int

  package init(top: Int = 0, left: Int = 0, bottom: Int = 0, right: Int = 0) {
    (self.top, self.left, self.bottom, self.right) = (top, left, bottom, right)
  }

  package static let none = Padding()
}

/// A window that slides over height and width.
package struct Window: Equatable, Sendable {
  package var height: Int
  package var width: Int
  package var verticalStride: Int
  package var horizontalStride: Int
  /// Distance of neighbouring taps, 1 for a dense window.
  package var dilation: Int
  package var padding: Padding

  package init(
    height: Int, width: Int, verticalStride: Int = 1, horizontalStride: Int = 1,
    dilation: Int = 1, padding: Padding = .none
  ) {
    (self.height, self.width) = (height, width)
    (self.verticalStride, self.horizontalStride) = (verticalStride, horizontalStride)
    self.dilation = dilation
    self.padding = padding
  }
}

/// What a pool takes of its window.
public enum PoolKind: String, Equatable, Sendable {
  /// The largest value; its gradient goes to the first of equal ones.
  case maximum
  /// The mean of the values inside the image: padding does not count.
  case average
}

/// One operation on values `[N, C, H, W]`; vectors are `[N, C, 1, 1]`.
package enum Operation: Equatable, Sendable {
  /// Weights `[filters, inputs / groups, height, width]`; a depthwise convolution has as many groups
  /// as input channels.
  case convolution(Window, groups: Int)
  /// Weights `[features, inputs]`; reads `C·H·W` features in that order.
  case dense
  case batchNorm(momentum: Double, epsilon: Double)
  case activation(Activation)
  case pool(PoolKind, Window)
  /// Over all pixels of a channel: `[N, C, 1, 1]`.
  case globalPool(PoolKind)
  /// `[N, C·H·W, 1, 1]`, channel by channel.
  case flatten
  case dropout(rate: Double)
  /// Sum of two values of one shape.
  case add
  /// Inputs joined along channels.
  case concatenate
  /// First input times the second, which has its shape or one factor a channel.
  case multiply
  /// The value as the nearest number of a form, half to even; what lies beyond its range as the end of it.
  /// No description has it: `quantizing` puts it in for training.
  case quantize(NumberForm)
}
