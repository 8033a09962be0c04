// Versions of operators: the oldest that knows the types and options, so that old runtimes read the file.
// The numbers are those of TensorFlow Lite's `op_version.cc`.

extension TFLiteOperatorCode {
  func version(
    _ inputs: [TFLiteTensor], _ output: TFLiteTensor, _ options: TFLiteOptions?
  ) -> Int {
    let isInteger = inputs[0].type == .int8
    switch self {
    case .conv2D:
      let isGrouped = inputs[0].shape.last != inputs[1].shape.last
      return isGrouped ? 6 : isInteger ? 3 : 1
    case .depthwiseConv2D: return isInteger ? 3 : options?.isDilated == true ? 2 : 1
    case .fullyConnected: return isInteger ? 4 : 1
    case .mul: return isInteger ? Self.productVersion(inputs, output) : 1
    case .reshape, .leakyRelu, .hardSwish, .quantize, .gelu: return 1
    case .add, .averagePool2D, .concatenation, .logistic, .maxPool2D, .mean, .pad, .padV2, .relu,
      .relu6, .softmax, .tanh, .transpose:
      return isInteger ? 2 : 1
    }
  }

  /// The first release of TensorFlow with a version of the operator (`runtime_version.cc`).
  func release(version: Int) -> TFLiteRelease {
    let (first, integers): (TFLiteRelease, TFLiteRelease) =
      switch self {
      case .conv2D: (version == 6 ? .init(2, 9) : .init(1, 5), .init(1, 14))
      case .depthwiseConv2D: (.init(1, 5), version == 2 ? .init(1, 12) : .init(1, 14))
      case .mul: (.init(1, 5), version == 3 ? .init(1, 15) : .init(1, 14))
      case .relu: (.init(1, 5), .init(2, 1))
      case .padV2: (.init(1, 9), .init(1, 14))
      case .mean, .transpose: (.init(1, 6), .init(1, 14))
      case .leakyRelu: (.init(1, 13), .init(1, 13))
      case .quantize, .logistic, .tanh: (.init(1, 14), .init(1, 14))
      case .hardSwish: (.init(1, 15), .init(1, 15))
      case .gelu: (.init(2, 9), .init(2, 9))
      case .add, .averagePool2D, .concatenation, .fullyConnected, .maxPool2D, .pad, .relu6,
        .reshape, .softmax:
        (.init(1, 5), .init(1, 14))
      }
    return version == 1 ? first : max(first, integers)
  }

  /// A factor of the scales of 1 or more came later than others.
  private static func productVersion(_ inputs: [TFLiteTensor], _ output: TFLiteTensor) -> Int {
    let scales = (inputs + [output]).map { $0.quantization?.scales.first ?? 1 }
    return scales[0] * scales[1] / scales[2] >= 1 ? 3 : 2
  }
}

/// A release of TensorFlow.
struct TFLiteRelease: Comparable, Sendable {
  var major, minor: Int

  init(_ major: Int, _ minor: Int) { (self.major, self.minor) = (major, minor) }

  static func < (a: TFLiteRelease, b: TFLiteRelease) -> Bool {
    (a.major, a.minor) < (b.major, b.minor)
  }

  /// Of `min_runtime_version`: 16 bytes, zeros behind the text.
  var content: [UInt8] {
    let text = Array("\(major).\(minor).0".utf8)
    return text + [UInt8](repeating: 0, count: 16 - text.count)
  }
}
