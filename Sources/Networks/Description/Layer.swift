// The layers that a description may list.
// A layer holds what a user writes; sizes that follow from its input are inferred (`Network`).

/// One layer of a model description, applied in order.
public enum Layer: Equatable, Sendable {
  /// 2-D convolution, square kernel: `[N, C, H, W] -> [N, filters, H', W']`.
  case conv(filters: Int, kernel: Int, stride: Int, padding: Int, bias: Bool)
  case relu
  case sigmoid
  /// Batch normalisation over `[N, H, W]` per channel (or over `[N]` per feature).
  case batchNorm
  /// Max-pooling with stride equal to `size`; rows and columns that do not fill a window are dropped.
  case maxPool(size: Int)
  /// Mean over height and width: `[N, C, H, W] -> [N, C]`.
  case globalAveragePool
  /// Sets elements to zero with probability `rate` in training and scales the rest by `1/(1-rate)`.
  case dropout(rate: Double)
  /// Fully connected: `[N, F] -> [N, features]`; `features` nil means the dataset's class count.
  case dense(features: Int?, bias: Bool)
}
