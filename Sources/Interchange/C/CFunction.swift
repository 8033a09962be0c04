// The functions of a network in C: each in a file of its own, of which a program holds those that it calls.

import PTrainNetworks

/// A function of `Runtime`, named as its file.
enum CFunction: String, CaseIterable, Comparable {
  case convolve
  case convolveDepthwise = "convolve_depthwise"
  case connect
  case scaleShift = "scale_shift"
  case relu, relu6, sigmoid
  case tanh = "hyperbolic_tangent"
  case silu, gelu
  case hardSwish = "hard_swish"
  case leakyRelu = "leaky_relu"
  case poolMaximum = "pool_maximum"
  case poolAverage = "pool_average"
  case add, multiply, flatten
  case insertChannels = "insert_channels"

  init(_ kind: PoolKind) { self = kind == .maximum ? .poolMaximum : .poolAverage }

  init(_ activation: Activation) {
    switch activation {
    case .relu: self = .relu
    case .relu6: self = .relu6
    case .sigmoid: self = .sigmoid
    case .tanh: self = .tanh
    case .silu: self = .silu
    case .gelu: self = .gelu
    case .hardSwish: self = .hardSwish
    case .leakyRelu: self = .leakyRelu
    }
  }

  static func < (a: CFunction, b: CFunction) -> Bool { a.rawValue < b.rawValue }

  /// Whether it calls a function of `<math.h>`.
  var needsMath: Bool { [.sigmoid, .tanh, .silu, .gelu].contains(self) }

  var text: String {
    String(decoding: bytes, as: UTF8.self)
  }

  private var bytes: [UInt8] {
    switch self {
    case .convolve: PackageResources.convolve_c
    case .convolveDepthwise: PackageResources.convolve_depthwise_c
    case .connect: PackageResources.connect_c
    case .scaleShift: PackageResources.scale_shift_c
    case .relu: PackageResources.relu_c
    case .relu6: PackageResources.relu6_c
    case .sigmoid: PackageResources.sigmoid_c
    case .tanh: PackageResources.hyperbolic_tangent_c
    case .silu: PackageResources.silu_c
    case .gelu: PackageResources.gelu_c
    case .hardSwish: PackageResources.hard_swish_c
    case .leakyRelu: PackageResources.leaky_relu_c
    case .poolMaximum: PackageResources.pool_maximum_c
    case .poolAverage: PackageResources.pool_average_c
    case .add: PackageResources.add_c
    case .multiply: PackageResources.multiply_c
    case .flatten: PackageResources.flatten_c
    case .insertChannels: PackageResources.insert_channels_c
    }
  }
}
