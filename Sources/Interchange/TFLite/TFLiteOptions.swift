// `BuiltinOptions` of TensorFlow Lite's schema: what an operator is told besides its tensors.

import PTrainNetworks

/// A table of the union `BuiltinOptions` with its number there.
struct TFLiteOptions: Equatable, Sendable {
  var type: UInt8
  var table = FlatTable()

  private init(_ type: UInt8, _ fields: [Int: FlatField] = [:]) {
    self.type = type
    table = FlatTable(fields: fields)
  }

  /// Of a depthwise convolution.
  var isDilated: Bool { table.fields[5] != .number(Int32(1)) }

  static func conv2D(_ window: TFLiteWindow, _ activation: FusedActivation) -> Self {
    Self(
      1,
      [
        0: window.padding, 1: .number(window.strideWidth), 2: .number(window.strideHeight),
        3: activation.field, 4: .number(window.dilation), 5: .number(window.dilation),
      ])
  }

  static func depthwiseConv2D(
    _ window: TFLiteWindow, multiplier: Int, _ activation: FusedActivation
  ) -> Self {
    Self(
      2,
      [
        0: window.padding, 1: .number(window.strideWidth), 2: .number(window.strideHeight),
        3: .number(Int32(multiplier)), 4: activation.field, 5: .number(window.dilation),
        6: .number(window.dilation),
      ])
  }

  static func pool2D(_ window: TFLiteWindow) -> Self {
    Self(
      5,
      [
        0: window.padding, 1: .number(window.strideWidth), 2: .number(window.strideHeight),
        3: .number(window.width), 4: .number(window.height), 5: FusedActivation.none.field,
      ])
  }

  static func fullyConnected(_ activation: FusedActivation) -> Self {
    Self(8, [0: activation.field])
  }

  static let softmax = Self(9, [0: .float(1)])
  /// Along channels, the last of the axes.
  static func concatenation(axis: Int) -> Self {
    Self(10, [0: .number(Int32(axis)), 1: FusedActivation.none.field])
  }
  static func add(_ activation: FusedActivation) -> Self { Self(11, [0: activation.field]) }
  static func reshape(_ shape: [Int]) -> Self { Self(17, [0: .integers(shape)]) }
  static func mul(_ activation: FusedActivation) -> Self { Self(21, [0: activation.field]) }
  static let pad = Self(22)
  static let transpose = Self(26)
  static let reducerKeepingDimensions = Self(27, [0: .bool(true)])
  static let padV2 = Self(43)
  static func leakyRelu(_ slope: Float) -> Self { Self(75, [0: .float(slope)]) }
  static let quantize = Self(89)
  static let hardSwish = Self(91)
  /// Not the approximation.
  static let gelu = Self(116, [0: .bool(false)])
}

extension FusedActivation {
  /// `ActivationFunctionType`.
  fileprivate var field: FlatField {
    switch self {
    case .none: .number(Int8(0))
    case .relu: .number(Int8(1))
    case .relu6: .number(Int8(3))
    }
  }
}
