// `ptrain export`: a model file in a form that other programs read.

import ArgumentParser
import PTrain
import PTrainArtifacts
import PTrainDiagnostics

struct Export: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Writes a model for ONNX Runtime, PyTorch, TensorFlow Lite, a C compiler and others.",
    discussion: """
      FILE.onnx: opset 17, input 'input', normalized images as float [N, channels, height, width], \
      output 'logits', float [N, classes]; N is open. Dropout is left out. Normalized is \
      (byte / 255 - mean) / std of each channel, or (float - mean) / std, with the values in the file's \
      metadata. With --int8 it computes in 8-bit integers, between QuantizeLinear and DequantizeLinear.

      FILE.safetensors: the tensors under PyTorch's names, without what a checkpoint holds besides.

      FILE.tflite: TensorFlow Lite, for one image at a time: input 'image', the data's own values \
      as float [1, height, width, channels], bytes from 0 to 255; output 'probabilities', float [1, \
      classes], or 'logits'. Batch normalization is folded where that is exact. The metadata names \
      the classes. With --int8 input and output are int8: the byte less 128, and probabilities in \
      steps of 1/256 from -128.

      FILE.c: C99 with FILE.h beside it: one function, FILE_predict, from the image's bytes to the \
      class and its logits, in floating point; no allocation, no library but <math.h> where a sigmoid \
      or the like needs it. With --int8 in 8-bit integers, without any library.

      FILE.swift, with --int8: the same function for Embedded Swift.

      Examples:
        ptrain export --checkpoint runs/first/model.safetensors --output model.onnx
        ptrain export --checkpoint x.safetensors --output x.onnx --fold-batch-norm
        ptrain export --checkpoint x.safetensors --output x.tflite
        ptrain export --checkpoint runs/first/model.safetensors --output digits.c
        ptrain export --checkpoint x.safetensors --int8 --data photos --output x.c
      """)

  @Option(
    help: ArgumentHelp("A model file or a checkpoint of ptrain's.", valueName: "file"),
    completion: .file(extensions: ["safetensors"]))
  var checkpoint: String

  @Option(
    help: ArgumentHelp(
      "The file to write.", valueName: "file.onnx|.safetensors|.tflite|.c|.swift"))
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

  @OptionGroup(title: "8-bit integers") var quantization: QuantizationOptions
  @OptionGroup(title: "Data, with --int8") var data: DataOptions
  @OptionGroup(title: "Machine, with --int8") var machine: MachineOptions

  /// By the end of the name; nil for any other.
  private var format: ModelFormat? {
    let formats: [ModelFormat] = [
      .onnx(foldsBatchNorm: foldBatchNorm, normalizes: normalize), .safetensors,
      .tensorFlowLite(endsInLogits: logits), .c, .embeddedSwift,
    ]
    return formats.first { output.lowercased().hasSuffix($0.ending) }
  }

  func validate() throws {
    guard let format else {
      throw ValidationError(
        "--output: expected a name ending in .onnx, .safetensors, .tflite, .c or .swift")
    }
    let isInteger = quantization.int8
    guard isInteger || format != .embeddedSwift else {
      throw ValidationError("--output \(output): Swift has 8-bit integers only, with --int8")
    }
    guard !isInteger || format != .safetensors else {
      throw ValidationError("--int8: acts on .onnx, .tflite, .c and .swift files only")
    }
    if !isInteger, let option = data.givenOption ?? machine.givenOption {
      throw ValidationError("\(option): acts with --int8 only")
    }
    if isInteger, foldBatchNorm {
      throw ValidationError("--fold-batch-norm: with --int8 it is folded anyway")
    }
    if format.ending != ".onnx", foldBatchNorm || normalize {
      let option = foldBatchNorm ? "--fold-batch-norm" : "--normalize"
      throw ValidationError("\(option): acts on .onnx files only")
    }
    if format.ending != ".tflite", logits {
      throw ValidationError("--logits: acts on .tflite files only; the others' outputs are logits")
    }
  }

  func run() throws {
    let tested = ModelTest(
      model: try PTrain.TrainedModel(contentsOf: checkpoint), source: checkpoint)
    guard quantization.int8 else {
      return tell(try tested.model.export(as: format!, to: output), of: tested.model)
    }
    let quantized = try quantized(tested)
    tell(
      try naming(checkpoint) { try quantized.model.export(as: format!, to: output) },
      of: tested.model)
    try? Terminal.writeRemark(quantized.text)
    if let warning = quantized.warning { Terminal.remark(warning) }
  }

  /// The network in integers, measured on the test set.
  private func quantized(_ tested: ModelTest) throws -> QuantizationReport {
    let configuration = try machine.engineConfiguration()
    let (dataset, lines) = try data.dataset(for: tested.model, threads: machine.threads)
    for line in lines { Terminal.remark(line) }
    let test = try tested.check(dataset.test)
    return try quantization.quantize(
      tested, training: dataset.training, test: test,
      float: tested.answers(to: test, configuration).evaluation,
      threads: configuration.threadCount)
  }

  private func tell(_ export: ModelExport, of model: PTrain.TrainedModel) {
    let (shape, isInteger) = (model.input, quantization.int8)
    let details: String
    switch format! {
    case .onnx:
      details =
        ": opset 17, input float [N, \(shape.channels), \(shape.height), \(shape.width)]"
        + (isInteger ? ", int8 inside" : "")
    case .tensorFlowLite:
      let type = isInteger ? "int8" : "float"
      details =
        ": \(grouped(export.byteCount)) bytes, input \(type) [1, \(shape.height), "
        + "\(shape.width), \(shape.channels)], output \(type) "
        + (logits ? "logits" : "probabilities")
    case .safetensors, .c, .embeddedSwift:
      details = export.function.map { ": \($0.name), \($0.cost)" } ?? ""
    }
    Terminal.remark("Wrote \(export.paths.joined(separator: " and "))\(details)")
  }
}
