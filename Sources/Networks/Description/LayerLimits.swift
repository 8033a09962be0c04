// Smallest and largest value of each number of a layer, and how many layers there may be.
// The reader, lowering and the JSON Schema take them from here.

/// Smallest and largest value of each number of a layer.
enum LayerLimits {
  static let filters = 1...65_536
  /// Kernels, strides, dilations and windows of pools.
  static let kernel = 1...1_024
  static let padding = 0...1_024
  static let multiplier = 1...1_024
  static let momentum = 0.0...1.0
  static let epsilon = 1e-12...1.0
  static let slope = 0.0...1.0
  static let dropoutRate = 0.0...0.99
  static let times = 1...nodes
  /// Layers of one list.
  static let list = 1...256
  static let branches = 2...64
  /// Lists within lists.
  static let depth = 16
  /// Nodes that a description makes, repetitions counted.
  static let nodes = 4_096
}
