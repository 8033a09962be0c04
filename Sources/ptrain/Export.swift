// `ptrain export`: a model file in a form that other programs read.

import ArgumentParser
import PTrainArtifacts
import PTrainDiagnostics
import PTrainInterchange

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

  private enum Format: String, CaseIterable { case onnx, safetensors, tflite, c, swift }

  private var format: Format? {
    Format.allCases.first { output.lowercased().hasSuffix("." + $0.rawValue) }
  }

  func validate() throws {
    guard let format else {
      throw ValidationError(
        "--output: expected a name ending in .onnx, .safetensors, .tflite, .c or .swift")
    }
    let isInteger = quantization.int8
    guard isInteger || format != .swift else {
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
    let quantized = try quantization.int8 ? quantized(model) : nil
    switch format! {
    case .onnx: try writeONNX(model, quantized?.network)
    case .safetensors:
      try model.write(to: output)
      Terminal.remark("Wrote \(output)")
    case .tflite: try writeTFLite(model, quantized?.network)
    case .c:
      try write(
        quantized?.network.cProgram(name: functionName, headerFile: baseName + ".h")
          ?? model.cProgram(name: functionName, headerFile: baseName + ".h"))
    case .swift: try write(quantized!.network.swiftProgram(name: functionName))
    }
    if let quantized { tell(quantized) }
  }

  // MARK: 8-bit integers

  /// The network in integers, measured on the test set.
  private func quantized(_ model: TrainedModel) throws -> QuantizedModel {
    let configuration = try machine.engineConfiguration()
    let (dataset, lines) = try data.dataset(for: model, threads: machine.threads)
    for line in lines { Terminal.remark(line) }
    let tested = ModelTest(model: model, source: checkpoint)
    let test = try tested.check(dataset.test)
    return try quantization.quantize(
      tested, training: dataset.training, test: test,
      float: tested.answers(to: test, configuration).evaluation,
      threads: configuration.threadCount)
  }

  private func tell(_ quantized: QuantizedModel) {
    try? Terminal.writeRemark(quantized.text)
    if let warning = quantized.warning { Terminal.remark(warning) }
  }

  // MARK: Files

  private func writeONNX(_ model: TrainedModel, _ quantized: QuantizedNetwork?) throws {
    var options = ONNXOptions()
    (options.foldsBatchNorm, options.normalizes) = (foldBatchNorm, normalize)
    try writeFile(output, quantized.map { try model.onnx($0, options) } ?? model.onnx(options))
    let input = model.network.input
    Terminal.remark(
      "Wrote \(output): opset 17, input float [N, \(input.channels), \(input.height), "
        + "\(input.width)]" + (quantized == nil ? "" : ", int8 inside"))
  }

  private func writeTFLite(_ model: TrainedModel, _ quantized: QuantizedNetwork?) throws {
    let end = logits ? TFLiteOutput.logits : .probabilities
    let bytes: [UInt8]
    do throws(Failure) {
      bytes = if let quantized { try model.tflite(quantized, end) } else { model.tflite(end) }
    } catch {
      throw Failure(error.kind, "\(checkpoint): \(error.message)")
    }
    try writeFile(output, bytes)
    let (input, type) = (model.network.input, quantized == nil ? "float" : "int8")
    Terminal.remark(
      "Wrote \(output): \(grouped(bytes.count)) bytes, input \(type) [1, \(input.height), "
        + "\(input.width), \(input.channels)], output \(type) \(logits ? "logits" : "probabilities")"
    )
  }

  /// The output's name without its ending, with its folder and without.
  private var base: String { String(output.prefix(upTo: output.lastIndex(of: ".")!)) }
  private var baseName: String {
    base.split(separator: "/", omittingEmptySubsequences: false).last.map(String.init)!
  }
  private var functionName: String { TrainedModel.cName(baseName) }

  private func write(_ program: CProgram) throws {
    try writeFile(base + ".h", Array(program.header.utf8))
    try writeFile(output, Array(program.source.utf8))
    Terminal.remark(
      "Wrote \(output) and \(base).h: \(functionName)_predict, \(program.size.text)")
  }

  private func write(_ program: SwiftProgram) throws {
    try writeFile(output, Array(program.source.utf8))
    Terminal.remark("Wrote \(output): \(functionName)_predict, \(program.size.text)")
  }
}
