// What lies in a directory after a model was exported.

import PTrainArtifacts
import PTrainDiagnostics
import PTrainInterchange

/// Files of a model that were written for other programs.
public struct ModelExport: Equatable, Sendable {
  /// The file that was asked for; of C the header behind it.
  public let paths: [String]
  /// Of all of them.
  public let byteCount: Int
  /// The function of a program: its name, and what it costs a device, in words.
  package var function: (name: String, cost: String)?

  public static func == (left: Self, right: Self) -> Bool {
    (left.paths, left.byteCount) == (right.paths, right.byteCount)
  }
}

/// Where an export goes.
struct ExportTarget {
  let path: String
  /// Without the ending.
  let base: String

  private var name: String {
    base.split(separator: "/", omittingEmptySubsequences: false).last.map(String.init)!
  }
  /// What begins all that a program defines.
  var functionName: String { PTrainArtifacts.TrainedModel.cName(name) }
  /// As the source includes it.
  var headerFile: String { name + ".h" }

  func write(_ bytes: [UInt8]) throws -> ModelExport {
    try writeFile(path, bytes)
    return ModelExport(paths: [path], byteCount: bytes.count)
  }

  func write(_ program: CProgram) throws -> ModelExport {
    try writeFile(base + ".h", Array(program.header.utf8))
    try writeFile(path, Array(program.source.utf8))
    return ModelExport(
      paths: [path, base + ".h"],
      byteCount: program.source.utf8.count + program.header.utf8.count,
      function: (functionName + "_predict", program.size.text))
  }

  func write(_ program: SwiftProgram) throws -> ModelExport {
    var export = try write(Array(program.source.utf8))
    export.function = (functionName + "_predict", program.size.text)
    return export
  }
}

extension TrainedModel {
  /// Writes the model for other programs, in floating point; each file whole or not at all.
  ///
  /// Throws `.usage` for a path that does not end as the format's names do and for Embedded Swift, which is
  /// there for 8-bit integers alone, `.cannotCreate` or `.inputOutput` where a file cannot be written.
  @discardableResult
  public func export(as format: ModelFormat, to path: String) throws -> ModelExport {
    let target = try format.target(path)
    switch format {
    case .onnx(let foldsBatchNorm, let normalizes):
      var options = ONNXOptions()
      (options.foldsBatchNorm, options.normalizes) = (foldsBatchNorm, normalizes)
      return try target.write(try value.onnx(options))
    case .safetensors:
      let bytes = value.safetensors.bytes
      try Safetensors.write(bytes, to: path)
      return ModelExport(paths: [path], byteCount: bytes.count)
    case .tensorFlowLite(let endsInLogits):
      return try target.write(value.tflite(endsInLogits ? .logits : .probabilities))
    case .c:
      return try target.write(
        value.cProgram(name: target.functionName, headerFile: target.headerFile))
    case .embeddedSwift:
      throw Failure(.usage, "\(path): Embedded Swift is written of a quantized model only")
    }
  }
}
