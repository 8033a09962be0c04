// The forms in which other programs take a model.

import PTrainDiagnostics

/// A kind of file that ``TrainedModel/export(as:to:)`` and ``QuantizedModel/export(as:to:)`` write.
public enum ModelFormat: Equatable, Sendable {
  /// ONNX, opset 17: input the normalised image, float `[N, C, H, W]`, output the logits, float `[N, classes]`.
  ///
  /// - Parameters:
  ///   - foldsBatchNorm: whether batch normalisation goes into its neighbours where that is exact; in 8-bit
  ///     integers it does anyway.
  ///   - normalizes: whether the graph normalises, and takes the data's own values.
  case onnx(foldsBatchNorm: Bool = false, normalizes: Bool = false)
  /// The tensors under PyTorch's names; in floating point only.
  case safetensors
  /// TensorFlow Lite: input the data's own values `[1, H, W, C]`, float or, in 8-bit integers, the byte less
  /// 128; output probabilities.
  ///
  /// - Parameter endsInLogits: whether the softmax at the end is left out.
  case tensorFlowLite(endsInLogits: Bool = false)
  /// C99, with a header beside it: a function from an image's bytes to the class and its logits.
  case c
  /// The same function for Embedded Swift; in 8-bit integers only.
  case embeddedSwift

  /// How a file's name ends.
  public var ending: String {
    switch self {
    case .onnx: ".onnx"
    case .safetensors: ".safetensors"
    case .tensorFlowLite: ".tflite"
    case .c: ".c"
    case .embeddedSwift: ".swift"
    }
  }

  /// Throws `.usage` for a path that does not end as the format's names do.
  func target(_ path: String) throws(PTrainError) -> ExportTarget {
    guard path.lowercased().hasSuffix(ending) else {
      throw Failure(.usage, "\(path): expected a name ending in \(ending)")
    }
    return ExportTarget(path: path, base: String(path.dropLast(ending.count)))
  }
}
