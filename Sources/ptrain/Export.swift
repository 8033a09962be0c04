// `ptrain export`: a model file in a form that other programs read.

import ArgumentParser
import Artifacts
import Diagnostics
import Interchange

struct Export: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Writes a model for ONNX Runtime, PyTorch and others.",
    discussion: """
      FILE.onnx: opset 17, input 'input', normalized images as float [N, channels, height, width], \
      output 'logits', float [N, classes]; N is open. Dropout is left out. Normalized is \
      (byte / 255 - mean) / std of each channel, or (float - mean) / std, with the values in the file's \
      metadata.

      FILE.safetensors: the tensors under PyTorch's names, without what a checkpoint holds besides.

      Examples:
        ptrain export --checkpoint runs/first/model.safetensors --output model.onnx
        ptrain export --checkpoint x.safetensors --output x.onnx --fold-batch-norm
      """)

  @Option(
    help: ArgumentHelp("A model file or a checkpoint of ptrain's.", valueName: "file"),
    completion: .file(extensions: ["safetensors"]))
  var checkpoint: String

  @Option(help: ArgumentHelp("The file to write.", valueName: "file.onnx|.safetensors"))
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

  private enum Format: String, CaseIterable { case onnx, safetensors }

  private var format: Format? {
    Format.allCases.first { output.lowercased().hasSuffix("." + $0.rawValue) }
  }

  func validate() throws {
    guard let format else {
      throw ValidationError("--output: expected a name ending in .onnx or .safetensors")
    }
    if format == .safetensors, foldBatchNorm || normalize {
      let option = foldBatchNorm ? "--fold-batch-norm" : "--normalize"
      throw ValidationError("\(option): acts on .onnx files only")
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
    }
  }
}
