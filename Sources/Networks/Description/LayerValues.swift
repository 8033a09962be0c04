// What a layer of a description holds: one payload struct a kind, every key with its default.
// A new attribute is a property here, a key of its reader and of its form; nothing else changes.

/// Height and width of a window, a stride or a padding; a literal number stands for both.
public struct Extents: Hashable, Sendable, ExpressibleByIntegerLiteral {
  public var height: Int
  public var width: Int

  public init(_ height: Int, _ width: Int) { (self.height, self.width) = (height, width) }
  public init(_ both: Int) { self.init(both, both) }
  public init(integerLiteral both: Int) { self.init(both) }

  /// `3x3`
  var text: String { "\(height)x\(width)" }
}

/// How an image is padded for a window.
public enum LayerPadding: Hashable, Sendable, ExpressibleByIntegerLiteral {
  /// As much above as below, as much left as right.
  case sides(Extents)
  /// `⌈n / stride⌉` outputs; the odd pixel lies below and right (TensorFlow's).
  case same

  public init(integerLiteral both: Int) { self = .sides(Extents(both)) }
}

/// 2-D convolution: `[N, C, H, W] -> [N, filters, H', W']`.
public struct Convolution: Hashable, Sendable {
  public var filters: Int
  public var kernel: Extents
  public var stride: Extents
  public var padding: LayerPadding
  /// Groups of channels that do not mix; divides input channels and filters.
  public var groups: Int
  /// Distance of neighbouring taps.
  public var dilation: Int
  public var bias: Bool

  public init(
    _ filters: Int, kernel: Extents = 3, stride: Extents = 1, padding: LayerPadding = 0,
    groups: Int = 1, dilation: Int = 1, bias: Bool = true
  ) {
    (self.filters, self.kernel, self.stride, self.padding) = (filters, kernel, stride, padding)
    (self.groups, self.dilation, self.bias) = (groups, dilation, bias)
  }
}

/// A window for each channel alone: `[N, C, H, W] -> [N, C·multiplier, H', W']`.
public struct Depthwise: Hashable, Sendable {
  public var kernel: Extents
  public var stride: Extents
  public var padding: LayerPadding
  /// Filters of each input channel.
  public var multiplier: Int
  public var bias: Bool

  public init(
    _ kernel: Extents = 3, stride: Extents = 1, padding: LayerPadding = 0, multiplier: Int = 1,
    bias: Bool = true
  ) {
    (self.kernel, self.stride, self.padding) = (kernel, stride, padding)
    (self.multiplier, self.bias) = (multiplier, bias)
  }
}

/// Batch normalisation over `[N, H, W]` per channel.
public struct BatchNormalization: Hashable, Sendable {
  /// Share of the batch's statistics in the running ones.
  public var momentum: Double
  /// Stands beside the variance below the root.
  public var epsilon: Double

  public init(momentum: Double = BatchNorm.momentum, epsilon: Double = BatchNorm.epsilon) {
    (self.momentum, self.epsilon) = (momentum, epsilon)
  }
}

/// A pool over windows; rows and columns that do not fill one are dropped.
public struct Pooling: Hashable, Sendable {
  public var kind: PoolKind
  public var size: Extents
  public var stride: Extents
  public var padding: LayerPadding

  /// `stride` nil is the size.
  public init(
    _ kind: PoolKind, _ size: Extents, stride: Extents? = nil, padding: LayerPadding = 0
  ) {
    (self.kind, self.size, self.stride) = (kind, size, stride ?? size)
    self.padding = padding
  }
}

/// Fully connected: `[N, F] -> [N, features]`.
public struct Dense: Hashable, Sendable {
  /// Nil means the dataset's class count.
  public var features: Int?
  public var bias: Bool

  public init(_ features: Int?, bias: Bool = true) {
    (self.features, self.bias) = (features, bias)
  }

  /// One output a class.
  public static let classes = Dense(nil)
}

/// `y = body(x) + shortcut(x)` (He et al. 2016).
public struct Residual: Equatable, Sendable {
  public var body: [Layer]
  /// Empty: the identity.
  public var shortcut: [Layer]

  public init(_ body: [Layer], shortcut: [Layer] = []) {
    (self.body, self.shortcut) = (body, shortcut)
  }
}

/// Layers that are there several times, each time with parameters of their own.
public struct Repetition: Equatable, Sendable {
  public var times: Int
  public var layers: [Layer]

  public init(_ times: Int, _ layers: [Layer]) { (self.times, self.layers) = (times, layers) }
}
