// `ptrain eval`: a model file on a test set.

import ArgumentParser
import Artifacts
import Datasets
import Diagnostics
import Engine

struct Eval: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Tests a model file on the test set.",
    discussion: """
      The file carries its description and normalisation; nothing else of the run is needed.

      Example:
        ptrain eval --checkpoint runs/first/model.safetensors --json
      """)

  /// Test images that are evaluated at a time; the result does not depend on it.
  private static let batchSize = 256

  @Option(help: ArgumentHelp("A model.safetensors that ptrain wrote.", valueName: "file"))
  var checkpoint: String

  @OptionGroup var data: DataOptions
  @OptionGroup var machine: MachineOptions

  @Flag(help: "Print the result as JSON.")
  var json = false

  func run() throws {
    let model = try TrainedModel(contentsOf: checkpoint)
    let configuration = try machine.engineConfiguration()
    let (dataset, dataLine) = try data.dataset()
    try check(dataset, fits: model)
    Terminal.remark(dataLine)
    let session = try Session(
      model.network, state: model.state, configuration: configuration,
      sampleCapacity: Self.batchSize)
    let result = try session.evaluate(dataset.test, model.normalization)
    try Terminal.writeResult((json ? result.json.text : result.testSetLine) + "\n")
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
