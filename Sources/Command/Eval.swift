// `ptrain eval`: a model file on a test set.

import ArgumentParser
import PTrain
import PTrainArtifacts
import PTrainDiagnostics
import PTrainEngine

struct Eval: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Tests a model file on the test set.",
    discussion: """
      The file carries its description and normalization; nothing else of the run is needed, and of \
      the data the test set alone. A file of PyTorch's with the same tensor names takes --model, and \
      the normalization of the training data. \
      A run's checkpoint is tested as it trains, without the moving average.

      Examples:
        ptrain eval --checkpoint runs/first/model.safetensors --per-class
        ptrain eval --checkpoint torch.safetensors --model eva8
        ptrain eval --checkpoint model.safetensors --logits logits.safetensors
        ptrain eval --checkpoint model.safetensors --flip-average
        ptrain eval --checkpoint model.safetensors --int8
      """)

  @OptionGroup(title: "Model") var source: TestedModelOptions
  @OptionGroup(title: "Data") var data: DataOptions
  @OptionGroup(title: "Views of each image (default: the image alone)") var views: ViewOptions
  @OptionGroup(title: "8-bit integers") var quantization: QuantizationOptions
  @OptionGroup(title: "Machine") var machine: MachineOptions
  @OptionGroup(title: "Output") var output: EvaluationOutputOptions

  private var checkpoint: String { source.checkpoint }

  func validate() throws {
    if quantization.int8, let option = views.givenOption {
      throw ValidationError(
        "\(option): averages in floating point; --int8 tests what exported files answer to one image"
      )
    }
  }

  func run() throws {
    let file = try Safetensors(modelIn: checkpoint)
    let named = try source.model.map(ModelDescription.load)
    let carried = try file.description(source: checkpoint)
    if let carried, let named, carried.layers != named.layers {
      throw Failure(.usage, "--model \(source.model!): the file describes another network itself")
    }
    guard carried != nil || named != nil else {
      throw Failure(
        .badData, "\(checkpoint): carries no description of its network; name it with --model")
    }
    let configuration = try machine.engineConfiguration()
    let (trained, data) = try modelAndData(file, carried == nil ? named : nil)
    let tested = ModelTest(model: trained, source: checkpoint)
    let set = try tested.check(data.test)
    for line in data.lines { Terminal.remark(line) }
    let (result, values) = try tested.answers(
      to: set, configuration, views: views.views, keepsLogits: output.logits != nil)
    let quantized = try data.training.map {
      try quantization.quantize(
        tested, training: $0, test: set, float: result, threads: configuration.threadCount)
    }
    if let logits = output.logits, Job.isLeader {
      try writeFile(logits, tensors(trained, values, quantized).bytes)
    }
    try Terminal.writeResult(text(of: result, trained, quantized))
    if let warning = quantized?.warning { Terminal.remark(warning) }
  }

  /// What `--logits` writes.
  private func tensors(
    _ model: PTrain.TrainedModel, _ logits: [Float], _ quantized: QuantizationReport?
  ) -> Safetensors {
    let classes = model.classNames.count
    func tensor(_ name: String, _ values: [Float]) -> Safetensors.Tensor {
      Safetensors.Tensor(name: name, shape: [values.count / classes, classes], values: values)
    }
    let integers = quantized.map { [tensor("logits.int8", $0.logits.map { Float($0) })] }
    return Safetensors(tensors: [tensor(views.views.tensorName, logits)] + (integers ?? []))
  }

  private func text(
    of result: PTrainEngine.Evaluation, _ model: PTrain.TrainedModel,
    _ quantized: QuantizationReport?
  ) throws -> String {
    let report = EvaluationReport(result, classNames: model.classNames)
    guard report != nil || !output.perClass else {
      throw Failure(
        .usage,
        "--per-class: \(checkpoint) has \(model.classNames.count) classes; up to "
          + "\(ConfusionMatrix.classLimit) are told apart")
    }
    if output.json {
      var json = report?.json(perClass: output.perClass) ?? result.json
      if views.views != .single {
        json = json.adding("averaged_views", .string(views.views.rawValue))
      }
      if let quantized { json = json.adding("int8", quantized.json) }
      return json.text + "\n"
    }
    return result.line(of: views.views.testedSet) + "\n" + (quantized?.text ?? "")
      + (output.perClass ? report!.perClassText : "")
  }

  /// The sets that are tested and calibrated on.
  private struct Data {
    var test: ImageSet
    /// With `--int8`.
    var training: ImageSet?
    var lines: [String]
  }

  /// The training files tell the normalization and the classes of a file that does not carry them, nor its
  /// network, which is `named` then.
  private func modelAndData(
    _ file: Safetensors, _ named: ModelDescription?
  ) throws -> (PTrain.TrainedModel, Data) {
    guard let named else {
      let trained = PTrain.TrainedModel(try .init(file, source: checkpoint))
      guard quantization.int8 else {
        let (set, lines) = try data.testSet(for: trained, threads: machine.threads)
        return (trained, Data(test: set, lines: lines))
      }
      let (dataset, lines) = try data.dataset(for: trained, threads: machine.threads)
      return (trained, Data(test: dataset.test, training: dataset.training, lines: lines))
    }
    let (dataset, lines) = try data.dataset(threads: machine.threads)
    let network = try Network(
      description: named, input: dataset.training.imageShape, classCount: dataset.classCount)
    let trained = PTrainArtifacts.TrainedModel(
      network: network,
      state: try ModelState(file, layout: network.layout, source: checkpoint),
      normalization: dataset.normalization, classNames: dataset.classNames)
    let training = quantization.int8 ? dataset.training : nil
    return (
      PTrain.TrainedModel(trained), Data(test: dataset.test, training: training, lines: lines)
    )
  }
}

struct TestedModelOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "A safetensors file with a model's tensors: a run's model.safetensors, or PyTorch's.",
      valueName: "file"),
    completion: .file(extensions: ["safetensors"]))
  var checkpoint: String

  @Option(
    help: ArgumentHelp(
      "The network of a file that does not carry its description.", valueName: "name|file.yaml"),
    completion: .model)
  var model: String?
}

struct EvaluationOutputOptions: ParsableArguments {
  @Flag(help: "Print the result as JSON, with the confusion matrix.")
  var json = false

  @Flag(help: "Print precision, recall and F1 of each class, and the confusion matrix.")
  var perClass = false

  @Option(
    help: ArgumentHelp(
      """
      Write the logits of every test image, in order: tensor 'logits', float [N, classes], averaged ones \
      'logits.flip_average' or 'logits.shift_average'; with --int8 also 'logits.int8', the integers.
      """,
      valueName: "file.safetensors"))
  var logits: String?

  func validate() throws {
    if let logits, !logits.lowercased().hasSuffix(".safetensors") {
      throw ValidationError("--logits \(logits): expected a name ending in .safetensors")
    }
  }
}
