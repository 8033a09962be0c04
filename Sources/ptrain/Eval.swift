// `ptrain eval`: a model file on a test set.

import ArgumentParser
import Artifacts
import Datasets
import Diagnostics
import Engine
import Networks

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
      """)

  /// Test images that are evaluated at a time; the result does not depend on it.
  private static let batchSize = 256

  @OptionGroup(title: "Model") var source: TestedModelOptions
  @OptionGroup(title: "Data") var data: DataOptions
  @OptionGroup(title: "Machine") var machine: MachineOptions
  @OptionGroup(title: "Output") var output: EvaluationOutputOptions

  private var checkpoint: String { source.checkpoint }

  func run() throws {
    let file = try Safetensors(modelIn: checkpoint)
    let named = try source.model.map(ModelDescription.load)
    if let carried = try file.description(source: checkpoint), let named,
      carried.layers != named.layers
    {
      throw Failure(.usage, "--model \(source.model!): the file describes another network itself")
    }
    let configuration = try machine.engineConfiguration()
    let (trained, found, dataLines) = try modelAndData(file, named)
    let set = try check(found, fits: trained)
    for line in dataLines { Terminal.remark(line) }
    let session = try Session(
      trained.network, state: trained.state, configuration: configuration,
      sampleCapacity: Self.batchSize)
    let (result, values) = try evaluate(session, set, trained.normalization)
    if let logits = output.logits, Job.isLeader {
      let shape = [set.count, trained.network.classCount]
      let tensor = Safetensors.Tensor(name: "logits", shape: shape, values: values)
      try writeFile(logits, Safetensors(tensors: [tensor]).bytes)
    }
    try Terminal.writeResult(text(of: result, trained))
  }

  private func evaluate(
    _ session: Session, _ set: ImageSet, _ normalization: Normalization
  ) throws -> (Evaluation, logits: [Float]) {
    do {
      return try session.answers(set, normalization, keepsLogits: output.logits != nil)
    } catch let failure as Failure {
      throw Failure(failure.kind, "\(checkpoint): \(failure.message)")
    }
  }

  private func text(of result: Evaluation, _ model: TrainedModel) throws -> String {
    guard let report = EvaluationReport(result, classNames: model.classNames) else {
      guard !output.perClass else {
        throw Failure(
          .usage,
          "--per-class: \(checkpoint) has \(model.classNames.count) classes; up to "
            + "\(ConfusionMatrix.classLimit) are told apart")
      }
      return (output.json ? result.json.text : result.testSetLine) + "\n"
    }
    if output.json { return report.json(perClass: output.perClass).text + "\n" }
    return result.testSetLine + "\n" + (output.perClass ? report.perClassText : "")
  }

  /// The training files tell the normalization and the classes of a file that does not carry them.
  private func modelAndData(
    _ file: Safetensors, _ named: ModelDescription?
  ) throws -> (TrainedModel, ImageSet, dataLines: [String]) {
    guard let named, try file.description(source: checkpoint) == nil else {
      let trained = try TrainedModel(file, source: checkpoint)
      let (set, lines) = try data.testSet(for: trained, threads: machine.threads)
      return (trained, set, lines)
    }
    let (dataset, lines) = try data.dataset(threads: machine.threads)
    let network = try Network(
      description: named, input: dataset.training.imageShape, classCount: dataset.classCount)
    let trained = TrainedModel(
      network: network,
      state: try ModelState(file, layout: network.layout, source: checkpoint),
      normalization: dataset.normalization, classNames: dataset.classNames)
    return (trained, dataset.test, lines)
  }

  /// The set labelled by the model's classes; throws `badData` where that is not possible.
  private func check(_ set: ImageSet, fits model: TrainedModel) throws -> ImageSet {
    let network = model.network
    guard set.imageShape == network.input else {
      throw Failure(
        .badData,
        "\(checkpoint): takes images of \(network.input.text), the data has \(set.imageShape.text)")
    }
    guard set.pixelType == model.normalization.pixelType else {
      throw Failure(
        .badData,
        "\(checkpoint): takes images of \(model.normalization.pixelType)s, the data has "
          + "\(set.pixelType)s")
    }
    do {
      return try set.relabeled(to: model.classNames, source: "the data")
    } catch {
      throw Failure(
        .badData,
        "\(checkpoint): knows \(network.classCount) classes; \(error)")
    }
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
      "Write the logits of every test image, in order: tensor 'logits', float [N, classes].",
      valueName: "file.safetensors"))
  var logits: String?

  func validate() throws {
    if let logits, !logits.lowercased().hasSuffix(".safetensors") {
      throw ValidationError("--logits \(logits): expected a name ending in .safetensors")
    }
  }
}
