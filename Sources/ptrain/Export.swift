// `ptrain export`: a model file in a form that other programs read.

import ArgumentParser
import Artifacts
import Diagnostics
import Interchange

struct Export: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Writes a model for ONNX Runtime, PyTorch, TensorFlow Lite, a C compiler and others.",
    discussion: """
      FILE.onnx: opset 17, input 'input', normalized images as float [N, channels, height, width], \
      output 'logits', float [N, classes]; N is open. Dropout is left out. Normalized is \
      (byte / 255 - mean) / std of each channel, or (float - mean) / std, with the values in the file's \
      metadata.

      FILE.safetensors: the tensors under PyTorch's names, without what a checkpoint holds besides.

      FILE.tflite: TensorFlow Lite, for one image at a time: input 'image', the data's own values \
      as float [1, height, width, channels], bytes from 0 to 255; output 'probabilities', float [1, \
      classes], or 'logits'. Batch normalization is folded where that is exact. The metadata names \
      the classes.

      FILE.c: C99 with FILE.h beside it: one function, FILE_predict, from the image's bytes to the \
      class and its logits, in floating point; no allocation, no library but <math.h> where a sigmoid \
      or the like needs it.

      Examples:
        ptrain export --checkpoint runs/first/model.safetensors --output model.onnx
        ptrain export --checkpoint x.safetensors --output x.onnx --fold-batch-norm
        ptrain export --checkpoint runs/first/model.safetensors --output digits.tflite
        ptrain export --checkpoint runs/first/model.safetensors --output digits.c
      """)

  @Option(
    help: ArgumentHelp("A model file or a checkpoint of ptrain's.", valueName: "file"),
    completion: .file(extensions: ["safetensors"]))
  var checkpoint: String

  @Option(
    help: ArgumentHelp("The file to write.", valueName: "file.onnx|.safetensors|.tflite|.c"))
  var output: String

  @Flag(
    help: """
      ONNX: fold batch normalization into the convolution or dense layer right before it, or into \
      the one behind it where that is exact (no padding, at most a global average pooling between); \
      any other stays a node.
      """)
  var foldBatchNorm = false

  @Flag(
    help: """
      ONNX: normalize in the graph; its input is then the data's own values as float, bytes from 0 to \
      255.
      """)
  var normalize = false

  @Flag(help: "TensorFlow Lite: leave out the softmax at the end; the output is 'logits' then.")
  var logits = false

  private enum Format: String, CaseIterable { case onnx, safetensors, tflite, c }

  private var format: Format? {
    Format.allCases.first { output.lowercased().hasSuffix("." + $0.rawValue) }
  }

  func validate() throws {
    guard let format else {
      throw ValidationError(
        "--output: expected a name ending in .onnx, .safetensors, .tflite or .c")
    }
    if format != .onnx, foldBatchNorm || normalize {
      let option = foldBatchNorm ? "--fold-batch-norm" : "--normalize"
      throw ValidationError("\(option): acts on .onnx files only")
    }
    if format != .tflite, logits {
      throw ValidationError("--logits: acts on .tflite files only; the others' outputs are logits")
    }
  }

  func run() throws {
    let model = try TrainedModel(describedIn: checkpoint)
    switch format! {
    case .onnx:
      var options = ONNXOptions()
      (options.foldsBatchNorm, options.normalizes) = (foldBatchNorm, normalize)
      try writeFile(output, model.onnx(options))
      let input =
        "\(model.network.input.channels), \(model.network.input.height), "
        + "\(model.network.input.width)"
      Terminal.remark("Wrote \(output): opset 17, input float [N, \(input)]")
    case .safetensors:
      try model.write(to: output)
      Terminal.remark("Wrote \(output)")
    case .tflite: try writeTFLite(model)
    case .c: try writeProgram(model)
    }
  }

  private func writeTFLite(_ model: TrainedModel) throws {
    let bytes = model.tflite(logits ? .logits : .probabilities)
    try writeFile(output, bytes)
    let input = model.network.input
    Terminal.remark(
      "Wrote \(output): \(grouped(bytes.count)) bytes, input float [1, \(input.height), "
        + "\(input.width), \(input.channels)], output \(logits ? "logits" : "probabilities")")
  }

  private func writeProgram(_ model: TrainedModel) throws {
    let base = String(output.dropLast(2))
    let file = base.split(separator: "/", omittingEmptySubsequences: false).last.map(String.init)!
    let name = TrainedModel.cName(file)
    let program = model.cProgram(name: name, headerFile: file + ".h")
    try writeFile(base + ".h", Array(program.header.utf8))
    try writeFile(output, Array(program.source.utf8))
    Terminal.remark(
      "Wrote \(output) and \(base).h: \(name)_predict, \(grouped(program.weightByteCount)) bytes of "
        + "weights, \(grouped(program.arenaByteCount)) of values, \(grouped(program.multiplyAdds)) "
        + "multiply-adds")
  }
}
