// The layers that a description may list.
// A layer holds what a user writes; sizes that follow from its input are inferred (`Network`).

/// One layer of a model description, applied in order.
///
/// Series and parallel are all there is: `residual`, `concat` and `scale` hold lists of layers that read
/// the same value, `repeat` a list that is applied several times.
public indirect enum Layer: Equatable, Sendable {
  case conv(Convolution)
  case depthwise(Depthwise)
  case batchNorm(BatchNormalization)
  case activation(Activation)
  case pool(Pooling)
  /// Over height and width: `[N, C, H, W] -> [N, C, 1, 1]`.
  case globalPool(PoolKind)
  /// `[N, C, H, W] -> [N, C·H·W]`, channel by channel.
  case flatten
  /// Sets elements to zero with probability `rate` in training and scales the rest by `1/(1-rate)`.
  case dropout(rate: Double)
  case dense(Dense)
  case residual(Residual)
  /// Outputs of all branches joined along channels; an empty branch passes its input on.
  case concat([[Layer]])
  /// The input times what the list makes of it: one factor a channel, or the input's shape.
  case scale([Layer])
  case `repeat`(Repetition)
}

extension Layer {
  public static var batchNorm: Layer { .batchNorm(BatchNormalization()) }
  public static let globalAveragePool = Layer.globalPool(.average)
  public static let globalMaxPool = Layer.globalPool(.maximum)

  /// A square convolution with every number told.
  public static func conv(
    filters: Int, kernel: Int, stride: Int, padding: Int, bias: Bool
  ) -> Layer {
    .conv(
      Convolution(
        filters, kernel: Extents(kernel), stride: Extents(stride),
        padding: .sides(Extents(padding)), bias: bias))
  }

  /// Windows side by side.
  public static func maxPool(size: Int) -> Layer { .pool(Pooling(.maximum, Extents(size))) }

  public static func maxPool(
    _ size: Extents, stride: Extents? = nil, padding: LayerPadding = 0
  ) -> Layer { .pool(Pooling(.maximum, size, stride: stride, padding: padding)) }

  public static func averagePool(
    _ size: Extents, stride: Extents? = nil, padding: LayerPadding = 0
  ) -> Layer { .pool(Pooling(.average, size, stride: stride, padding: padding)) }

  /// `features` nil means the dataset's class count.
  public static func dense(features: Int?, bias: Bool) -> Layer {
    .dense(Dense(features, bias: bias))
  }

  public static func residual(_ body: [Layer], shortcut: [Layer] = []) -> Layer {
    .residual(Residual(body, shortcut: shortcut))
  }

  public static func `repeat`(_ times: Int, _ layers: [Layer]) -> Layer {
    .repeat(Repetition(times, layers))
  }
}
