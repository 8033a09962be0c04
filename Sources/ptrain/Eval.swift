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
      The file carries its description and normalisation; nothing else of the run is needed. \
      A file of PyTorch's with the same tensor names takes --model, and the data's normalisation. \
      A run's checkpoint is tested as it trains, without the moving average.

      Examples:
        ptrain eval --checkpoint runs/first/model.safetensors --json
        ptrain eval --checkpoint torch.safetensors --model eva8
        ptrain eval --checkpoint model.safetensors --logits logits.safetensors
      """)

  /// Test images that are evaluated at a time; the result does not depend on it.
  private static let batchSize = 256

  @Option(help: ArgumentHelp("A safetensors file with a model's tensors.", valueName: "file"))
  var checkpoint: String

  @Option(
    help: ArgumentHelp(
      "The network of a file that does not carry its description.", valueName: "name|file.yaml"))
  var model: String?

  @OptionGroup var data: DataOptions
  @OptionGroup var machine: MachineOptions

  @Flag(help: "Print the result as JSON.")
  var json = false

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

  func run() throws {
    let file = try Safetensors(modelIn: checkpoint)
    let named = try model.map(ModelDescription.load)
    if let carried = try file.description(source: checkpoint), let named,
      carried.layers != named.layers
    {
      throw Failure(.usage, "--model \(model!): the file describes another network itself")
    }
    let configuration = try machine.engineConfiguration()
    guard logits == nil || configuration.communicator.size == 1 else {
      throw Failure(.usage, "--logits: each process knows its share only; run one process")
    }
    let (dataset, dataLine) = try data.dataset()
    let trained = try trainedModel(file, named, dataset)
    try check(dataset, fits: trained)
    Terminal.remark(dataLine)
    let session = try Session(
      trained.network, state: trained.state, configuration: configuration,
      sampleCapacity: Self.batchSize)
    let result = try session.evaluate(dataset.test, trained.normalization)
    if let logits {
      let values = try session.logits(dataset.test, trained.normalization)
      let shape = [dataset.test.count, trained.network.classCount]
      let tensor = Safetensors.Tensor(name: "logits", shape: shape, values: values)
      try writeFile(logits, Safetensors(tensors: [tensor]).bytes)
    }
    try Terminal.writeResult((json ? result.json.text : result.testSetLine) + "\n")
  }

  private func trainedModel(
    _ file: Safetensors, _ named: ModelDescription?, _ dataset: Dataset
  ) throws -> TrainedModel {
    guard let named, try file.description(source: checkpoint) == nil else {
      return try TrainedModel(file, source: checkpoint)
    }
    let network = try Network(
      description: named, input: dataset.inputShape, classCount: dataset.classCount)
    return TrainedModel(
      network: network,
      state: try ModelState(file, layout: network.layout, source: checkpoint),
      normalization: dataset.normalization)
  }

  private func check(_ dataset: Dataset, fits model: TrainedModel) throws {
    let network = model.network
    guard dataset.inputShape == network.input else {
      throw Failure(
        .badData,
        "\(checkpoint): takes images of \(network.input.height) x \(network.input.width) pixels, "
          + "the data has \(dataset.test.height) x \(dataset.test.width)")
    }
    guard dataset.classCount <= network.classCount else {
      throw Failure(
        .badData,
        "\(checkpoint): knows \(network.classCount) classes, the data has \(dataset.classCount)")
    }
  }
}
