// The functions of a network in 8-bit integers, in C each in a file of its own; a program holds those that
// it calls. In Swift they are the interpreter's.

import PTrainNetworks

/// A function of `C/Runtime`, named as its file without `_int8`.
enum IntegerFunction: String, CaseIterable, Comparable {
  /// What others call comes first.
  case fixedPoint = "fixed_point"
  case taps
  case add, average, connect, convolve
  case convolveDepthwise = "convolve_depthwise"
  case insertChannels = "insert_channels"
  case leakyRelu = "leaky_relu"
  case multiply
  case poolAverage = "pool_average"
  case poolMaximum = "pool_maximum"
  case rescale

  static func < (a: IntegerFunction, b: IntegerFunction) -> Bool {
    allCases.firstIndex(of: a)! < allCases.firstIndex(of: b)!
  }

  init(_ kind: PoolKind) { self = kind == .maximum ? .poolMaximum : .poolAverage }

  var cName: String { rawValue + "_int8" }

  /// What it calls.
  var needs: [IntegerFunction] {
    switch self {
    case .fixedPoint, .taps, .insertChannels: []
    case .add, .average, .connect, .leakyRelu, .multiply, .rescale: [.fixedPoint]
    case .convolve, .convolveDepthwise: [.fixedPoint, .taps]
    case .poolAverage, .poolMaximum: [.taps]
    }
  }

  /// Bytes of its code for a Cortex-M4: in C by gcc 12 with -Os, in Swift 6.3 with -Osize, there with what
  /// it calls inlined; `Scripts/check-device` holds what follows from them against arm-none-eabi-size.
  var codeByteCount: (c: Int, swift: Int) {
    switch self {
    case .fixedPoint: (100, 0)
    case .taps: (0, 0)
    case .add: (122, 608)
    case .average: (92, 272)
    case .connect: (268, 316)
    case .convolve: (550, 1450)
    case .convolveDepthwise: (588, 1032)
    case .insertChannels: (56, 100)
    case .leakyRelu: (82, 272)
    case .multiply: (146, 300)
    case .poolAverage: (298, 612)
    case .poolMaximum: (290, 584)
    case .rescale: (80, 216)
    }
  }

  var text: String { String(decoding: bytes, as: UTF8.self) }

  private var bytes: [UInt8] {
    switch self {
    case .fixedPoint: PackageResources.fixed_point_int8_c
    case .taps: PackageResources.taps_int8_c
    case .add: PackageResources.add_int8_c
    case .average: PackageResources.average_int8_c
    case .connect: PackageResources.connect_int8_c
    case .convolve: PackageResources.convolve_int8_c
    case .convolveDepthwise: PackageResources.convolve_depthwise_int8_c
    case .insertChannels: PackageResources.insert_channels_int8_c
    case .leakyRelu: PackageResources.leaky_relu_int8_c
    case .multiply: PackageResources.multiply_int8_c
    case .poolAverage: PackageResources.pool_average_int8_c
    case .poolMaximum: PackageResources.pool_maximum_int8_c
    case .rescale: PackageResources.rescale_int8_c
    }
  }
}
