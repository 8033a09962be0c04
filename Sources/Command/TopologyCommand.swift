// `ptrain topology`: the machine as this process may use it, where workers would go, and how many of them
// a minibatch gives work.

import ArgumentParser
import PTrain
import PTrainArtifacts
import PTrainEngine
import PTrainKernels
import PTrainMemory

struct TopologyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "topology",
    abstract: "Shows nodes, CPUs, limits, and where workers go.",
    discussion: """
      With --model or --batch-size it also tells how many workers a training step gives work.

      Examples:
        ptrain topology --threads 16
        ptrain topology --threads 16 --model compact --batch-size 256
      """)

  @OptionGroup(title: "Model") var model: ModelOptions
  @OptionGroup(title: "Model") var images: ImageOptions

  @Option(help: ArgumentHelp("Minibatch size (default: the model's recipe).", valueName: "n"))
  var batchSize: Int?

  @OptionGroup(title: "Machine") var machine: MachineOptions

  @Flag(help: "Print everything as JSON.")
  var json = false

  func validate() throws { try checkLimit("--batch-size", batchSize) }

  func run() throws {
    let topology = Topology.read()
    let count = machine.threads ?? topology.defaultThreadCount
    let report = TopologyReport(
      topology,
      placements: machine.numa == .auto
        ? topology.placements(workerCount: count) : Array(repeating: .unbound, count: count),
      instructionSets: KernelChoice.available.map(\.rawValue),
      minibatch: try minibatch(workerCount: count))
    try Terminal.writeResult(json ? report.json.text + "\n" : report.text)
  }

  /// Nil where nothing was said of a model.
  private func minibatch(workerCount: Int) throws -> TopologyReport.Minibatch? {
    guard model.model != nil || batchSize != nil else { return nil }
    let description = try model.description()
    var recipe = description.recipe
    recipe.batchSize = batchSize ?? recipe.batchSize
    try recipe.validate()
    let size = images.size(for: model)
    let network = try Network(
      description: description, input: size.shape, classCount: size.classCount)
    let sharding = try Plan(network).sharding(
      batchSize: recipe.batchSize, workerCount: workerCount)
    return .init(
      model: description.name, size: recipe.batchSize,
      taskCount: sharding.shardCount(recipe.batchSize), taskSize: sharding.shardSize)
  }
}
