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

  /// A factor of the scales of 1 or more came later than others.
  private static func productVersion(_ inputs: [TFLiteTensor], _ output: TFLiteTensor) -> Int {
    let scales = (inputs + [output]).map { $0.quantization?.scales.first ?? 1 }
    return scales[0] * scales[1] / scales[2] >= 1 ? 3 : 2
  }
}
