// `ptrain bench`: how fast this machine trains, as a whole and kernel by kernel.

import ArgumentParser
import PTrain
import PTrainEngine

struct Bench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench",
    abstract: "Measures training steps, kernels, scaling, phases, memory and the reading of data.",
    discussion: """
      Example:
        ptrain bench step --model eva8 --batch-size 256 --threads 2
      """,
    subcommands: [
      BenchStep.self, BenchKernels.self, BenchScaling.self, BenchPool.self, BenchPhases.self,
      BenchMemory.self, BenchData.self,
    ])
}

/// What `bench step`, `bench scaling` and `bench phases` train on.
struct BenchOptions: ParsableArguments {
  /// Random images without `--data`: several minibatches of any usual size.
  private static let syntheticCount = 4096
  /// And of no more bytes, but for one minibatch.
  private static let syntheticBytes = 64 << 20

  @OptionGroup(title: "Model") var model: ModelOptions
  @OptionGroup(title: "Model") var size: ImageOptions

  @Option(
    help: ArgumentHelp("Samples of a minibatch (default: the model's recipe).", valueName: "n"))
  var batchSize: Int?

  @Option(help: ArgumentHelp("Timed steps.", valueName: "n"))
  var steps = 50

  @Option(help: ArgumentHelp("Steps before the timed ones.", valueName: "n"))
  var warmUp = 5

  @Option(
    help: ArgumentHelp(
      "Directory with the IDX files to train on (default: random images).",
      valueName: "dir"))
  var data: String?

  @Flag(help: "Print the result as JSON.")
  var json = false

  func validate() throws {
    try checkLimit("--batch-size", batchSize)
    try checkLimit("--steps", steps)
    guard data == nil || (size.input == nil && size.classes == nil) else {
      throw ValidationError("--input and --classes: the images of --data have their own")
    }
    guard warmUp >= 0 else { throw ValidationError("--warm-up \(warmUp): expected 0 or more") }
  }

  /// The model with its recipe as the options change it, and images for it.
  func workload() throws -> BenchWorkload {
    let description = try model.description()
    var recipe = description.recipe
    recipe.batchSize = batchSize ?? recipe.batchSize
    try recipe.validate()
    var classCount = size.size(for: model).classCount
    var (images, normalization) = (try synthetic(recipe), Normalization.mnist)
    if let data {
      let dataset = try DataSource.locate(option: data, environment: [:], report: { _ in }).load()
        .dataset
      (images, normalization, classCount) = (
        dataset.training, dataset.normalization, dataset.classCount
      )
    }
    let network = try Network(
      description: description,
      input: images.imageShape, classCount: classCount)
    return BenchWorkload(
      network: network, recipe: recipe, images: images, normalization: normalization)
  }

  private func synthetic(_ recipe: Recipe) throws -> ImageSet {
    let (shape, classCount) = size.size(for: model)
    let count = min(Self.syntheticCount, Self.syntheticBytes / shape.count)
    return try .synthetic(
      count: data == nil ? max(count, recipe.batchSize) : 0, height: shape.height,
      width: shape.width, channels: shape.channels, classCount: classCount)
  }
}

/// A network with what it is trained on.
struct BenchWorkload {
  var network: Network
  var recipe: Recipe
  var images: ImageSet
  var normalization: Normalization

  /// Buffers and workers for training steps of it.
  func stepBenchmark(_ configuration: EngineConfiguration) throws -> StepBenchmark {
    try StepBenchmark(
      network: network, recipe: recipe, images: images, normalization: normalization,
      configuration: configuration)
  }
}

/// The middle value, or the mean of the two middle ones; there must be at least one.
func median(_ values: [Double]) -> Double {
  let ordered = values.sorted()
  return (ordered[ordered.count / 2] + ordered[(ordered.count - 1) / 2]) / 2
}

/// Lines of cells, each `width` characters wide with its text on the right.
func rightAligned(_ rows: [[String]], width: Int) -> String {
  rows.map { $0.map { $0.leftPadded(to: width) }.joined() + "\n" }.joined()
}
