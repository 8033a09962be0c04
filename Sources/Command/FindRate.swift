// `ptrain find-rate`: which learning rates a model learns with.

import ArgumentParser
import PTrain
import PTrainArtifacts
import PTrainDiagnostics
import PTrainEngine

struct FindRate: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "find-rate",
    abstract: "Finds a learning rate for a model and its data.",
    discussion: """
      The range test (Smith 2017): a fresh model trains for N steps of one minibatch, with a rate that \
      grows by the same factor from step to step; the loss falls, is smallest, and runs away, where the \
      test ends. The smoothed loss is the moving average of the losses (0.9 stays at each step). \
      The suggestion is a tenth of the rate at which the smoothed loss is smallest; for a one-cycle \
      schedule it is a careful peak. Nothing is kept but the plot.

      Examples:
        ptrain find-rate --model eva8 --plot rates.svg
        ptrain find-rate --model net.yaml --data photos --optimizer adam
      """)

  @OptionGroup(title: "Model") var model: ModelOptions
  @OptionGroup(title: "Data") var data: DataOptions

  @OptionGroup(title: "Recipe (default: the model's own)") var recipe: RecipeOptions
  @OptionGroup(title: "Machine") var machine: MachineOptions

  @Option(help: ArgumentHelp("The first step's rate.", valueName: "x"))
  var lowest = RateRange().lowest

  @Option(help: ArgumentHelp("The last step's rate.", valueName: "x"))
  var highest = RateRange().highest

  @Option(help: ArgumentHelp("Steps of the test.", valueName: "n"))
  var steps = RateRange().stepCount

  @Option(help: ArgumentHelp("Seed of parameters and order.", valueName: "n"))
  var seed: UInt64 = 1

  @Option(
    help: ArgumentHelp(
      "Draw the losses over the rates (with gnuplot).", valueName: "file.png|.svg"),
    completion: .file(extensions: ["png", "svg"]))
  var plot: String?

  func validate() throws {
    guard lowest > 0, lowest < highest, highest <= 1000 else {
      throw ValidationError(
        "--lowest \(lowest), --highest \(highest): expected 0 < lowest < highest <= 1000")
    }
    guard (2...100_000).contains(steps) else {
      throw ValidationError("--steps \(steps): expected 2 to 100000")
    }
    let idle = ["epochs", "learningRate", "schedule"].first(where: recipe.sets)
    if let idle {
      throw ValidationError("`\(idle)`: the range test has rates and a length of its own")
    }
  }

  func run() throws {
    let picture = try plot.map { try RatePlot(path: $0) }
    var description = try model.description()
    description.recipe = try recipe.apply(to: description.recipe)
    let configuration = try machine.engineConfiguration()
    let (dataset, dataLines) = try data.dataset(seed: seed)
    let network = try Network(
      description: description, input: dataset.training.imageShape,
      classCount: dataset.classCount)
    for line in dataLines { Terminal.remark(line) }
    try Terminal.writeResult("learning rate      loss  smoothed\n")
    let test = try RateTest.run(
      RateRange(lowest: lowest, highest: highest, stepCount: steps), network: network,
      recipe: description.recipe, images: dataset.training, normalization: dataset.normalization,
      seed: seed, configuration: configuration
    ) { test in
      try Terminal.writeResult(test.points.last!.tableLine + "\n")
    }
    try Terminal.writeResult(test.suggestionLine + advice(test) + "\n")
    guard let picture, Job.isLeader else { return }
    try picture.write(test, title: "\(description.name) on \(dataset.name)")
    Terminal.remark("Wrote \(picture.path)")
  }

  /// What may bring a suggestion where there is none.
  private func advice(_ test: RateTest) -> String {
    guard let best = test.best, test.suggestion == nil else { return "" }
    return best == test.points.first
      ? "; try a smaller --lowest, or more --steps" : "; try a larger --highest"
  }
}
