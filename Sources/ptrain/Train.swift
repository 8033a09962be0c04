// `ptrain train`, which is also `ptrain` alone: from options to a run directory.

import ArgumentParser
import Artifacts
import Datasets
import Diagnostics
import Engine
import Glibc
import Networks

struct Train: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Trains a model and leaves it in a run directory.",
    discussion: """
      Writes model.safetensors and metrics.jsonl (one JSON object a line) into the run directory. \
      PTRAIN_ISA=baseline|avx2|avx512|neon forces an instruction set.

      Example:
        ptrain --model eva8 --epochs 20 --threads 2 --output runs/first

      Built with '--traits MPI', several processes train one model:
        mpirun -np 2 ptrain --model eva8 --threads 1
      """)

  @OptionGroup var model: ModelOptions
  @OptionGroup var data: DataOptions
  @OptionGroup(title: "Recipe (default: the model's own)") var recipe: RecipeOptions
  @OptionGroup var machine: MachineOptions

  @Option(help: ArgumentHelp("Seed of everything random.", valueName: "n"))
  var seed: UInt64 = 1

  @Option(help: ArgumentHelp("Use the first N training samples only.", valueName: "n"))
  var limitTrain: Int?

  @Option(
    help: ArgumentHelp(
      "Stop after the first epoch whose test accuracy reaches this many percent.",
      valueName: "percent"))
  var targetAccuracy: Double?

  @Option(
    help: ArgumentHelp("The run directory (default: runs/MODEL-DATE-TIME).", valueName: "dir"))
  var output: String?

  @Flag(help: "No progress bar.")
  var quiet = false

  func validate() throws {
    try checkLimit("--limit-train", limitTrain)
    if let targetAccuracy, !(targetAccuracy > 0 && targetAccuracy <= 100) {
      throw ValidationError("--target-accuracy \(targetAccuracy): expected a percentage up to 100")
    }
    if output == "" { throw ValidationError("--output: expected the name of a directory") }
  }

  func run() throws {
    let description = try model.description()
    let recipe = try recipe.apply(to: description.recipe)
    let configuration = try machine.engineConfiguration()
    let (dataset, dataLine) = try data.dataset(limitTrain: limitTrain)
    let network = try Network(
      description: ModelDescription(
        name: description.name, layers: description.layers, recipe: recipe),
      input: dataset.inputShape, classCount: dataset.classCount)
    let trainer = try Trainer(
      network: network, recipe: recipe, dataset: dataset, options: options,
      configuration: configuration)
    guard Job.isLeader else {
      _ = try trainer.run { _ in }
      return
    }
    try record(
      trainer, network: network, normalization: dataset.normalization, dataLine: dataLine)
  }

  private var options: TrainingOptions {
    var options = TrainingOptions()
    options.seed = seed
    options.targetAccuracy = targetAccuracy
    return options
  }

  private func record(
    _ trainer: Trainer, network: Network, normalization: Normalization, dataLine: String
  ) throws {
    let directory =
      output.map(RunDirectory.init(path:))
      ?? RunDirectory(model: network.description.name, time: time(nil))
    let recorder = RunRecorder(
      directory: directory, network: network, normalization: normalization,
      report: Terminal.remark)
    let console = TrainingConsole(
      ConsoleOutput(
        drawsBars: Terminal.drawsBars && !quiet, columnCount: Terminal.columnCount,
        writeResult: Terminal.writeResult, writeRemark: Terminal.writeRemark, now: Terminal.now))
    defer { try? console.closeBar() }
    try trainer.run { event in
      // The files first: a line on the terminal says that the epoch is kept.
      try recorder.receive(event)
      if case .started = event { Terminal.remark(dataLine) }
      try console.receive(event)
    }
  }
}

extension Dataset {
  /// What a network for these images takes in.
  var inputShape: Shape { Shape(channels: 1, height: training.height, width: training.width) }
}
