// `ptrain train`, which is also `ptrain` alone: from options to a run directory.

import ArgumentParser
import Artifacts
import Datasets
import Diagnostics
import Engine
import Networks
import Report

extension SplitSize: ExpressibleByArgument {
  public init?(argument: String) { self.init(argument) }
}

struct Train: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Trains a model and leaves it in a run directory.",
    discussion: """
      Writes model.safetensors, metrics.jsonl (one JSON object a line), metrics.csv, evaluation.json \
      (results by class), report.html (a page for any browser) and checkpoint/ into the run directory. With a validation set the model is that \
      of the epoch with the smallest validation loss, else that of the last. Ctrl-C ends the step, keeps the run and tells how to go on with it. \
      PTRAIN_ISA=baseline|avx2|avx512|neon forces an instruction set.

      Examples:
        ptrain --model eva8 --epochs 20 --threads 2 --output runs/first
        ptrain --resume runs/first

      Built with '--traits MPI', several processes train one model:
        mpirun -np 2 ptrain --model eva8 --threads 1
      """)

  @OptionGroup var model: ModelOptions
  @OptionGroup var data: DataOptions
  @OptionGroup(title: "Recipe (default: the model's own)") var recipe: RecipeOptions
  @OptionGroup var machine: MachineOptions

  @Option(
    help: ArgumentHelp(
      "Seed (default: 1). The same seed gives the same model at any number of threads.",
      valueName: "n"))
  var seed: UInt64?

  @Option(help: ArgumentHelp("Use the first N training samples only.", valueName: "n"))
  var limitTrain: Int?

  @Option(
    help: ArgumentHelp(
      """
      Hold out N training samples, or a share such as 0.1, of each class in proportion, drawn by the \
      seed; their loss and accuracy stand beside the test set's.
      """, valueName: "n|share"))
  var validation: SplitSize?

  @Option(
    help: ArgumentHelp(
      """
      Where the data has no test set: hold out this share of each class for it, drawn by the seed \
      (default: 0.2).
      """, valueName: "share"))
  var testShare: Double?

  @Option(
    help: ArgumentHelp(
      "Stop after the first epoch whose test accuracy reaches this many percent.",
      valueName: "percent"))
  var targetAccuracy: Double?

  @Option(
    help: ArgumentHelp(
      """
      Stop after N epochs without a smaller loss on the validation set (--validation); the model that is \
      left is that of the best epoch.
      """, valueName: "n"))
  var patience: Int?

  @Option(
    help: ArgumentHelp("The run directory (default: runs/MODEL-DATE-TIME).", valueName: "dir"))
  var output: String?

  @Option(
    help: ArgumentHelp(
      """
      Start from the tensors of a safetensors file, ptrain's or PyTorch's, instead of random ones; \
      without --model, the network is the one that the file describes.
      """, valueName: "file"))
  var from: String?

  @Option(
    help: ArgumentHelp(
      """
      Resume the run in this directory; the result is bit-identical to an uninterrupted run. Threads, \
      processes and --numa may change, and --data where the data was moved.
      """, valueName: "dir"))
  var resume: String?

  @Option(
    help: ArgumentHelp(
      "Steps between two checkpoints (default: one at the end of each epoch).",
      valueName: "steps"))
  var checkpointEvery: Int?

  @Flag(help: "Write an event file for TensorBoard into the run directory too.")
  var tensorboard = false

  @Flag(help: "No progress bar.")
  var quiet = false

  func validate() throws {
    try checkLimit("--limit-train", limitTrain)
    try checkLimit("--checkpoint-every", checkpointEvery)
    try checkLimit("--patience", patience)
    if resume != nil && output != nil {
      throw ValidationError("--output: a run that is resumed stays in its directory")
    }
    if resume != nil && from != nil {
      throw ValidationError("--from: a run that is resumed starts from its checkpoint")
    }
    if let testShare, !(testShare > 0 && testShare < 1) {
      throw ValidationError("--test-share \(testShare): expected above 0, below 1")
    }
    if let targetAccuracy, !(targetAccuracy > 0 && targetAccuracy <= 100) {
      throw ValidationError(
        "--target-accuracy \(targetAccuracy): expected above 0, up to 100 percent")
    }
    if output == "" { throw ValidationError("--output: expected the name of a directory") }
  }

  func run() throws {
    // Wrong options are told before the other processes of the job are met.
    var plan = resume == nil ? try newPlan() : nil
    let configuration = try machine.engineConfiguration()
    if let resume { plan = try resumedPlan(resume) }
    try train(plan!, configuration)
  }

  private func train(_ plan: RunPlan, _ configuration: EngineConfiguration) throws {
    var (dataset, dataLines) = try plan.data.dataset(
      limitTrain: plan.limitTrain, testShare: plan.testShare, seed: plan.seed)
    try plan.check(dataset)
    let settings = plan.settings(dataset)
    if let size = plan.validation { try dataset.holdOutValidation(size, seed: plan.seed) }
    dataLines += dataset.duplicatesLine.map { [$0] } ?? []
    guard plan.patience == nil || dataset.validation != nil else {
      throw Failure(
        .usage,
        "--patience \(plan.patience!): there is no validation set to watch; --validation 0.1 holds a tenth "
          + "of the training images out")
    }
    let network = try Network(
      description: plan.description, input: dataset.training.imageShape,
      classCount: dataset.classCount)
    let trainer = try Trainer(
      network: network, recipe: plan.description.recipe, dataset: dataset, options: plan.options,
      configuration: configuration, from: plan.snapshot(network))
    guard Job.isLeader else {
      Interruption.ignoreSignals()
      _ = try trainer.run { _ in }
      return
    }
    let (directory, lock) = try plan.claimDirectory()
    defer { withExtendedLifetime(lock) {} }
    let recorder = RunRecorder(
      directory: directory, network: network, settings: settings,
      resumed: plan.checkpoint?.snapshot.position, report: Terminal.remark)
    let page = ReportWriter(
      directory: RunDirectory(path: Terminal.absolutePath(directory.path)), settings: settings,
      testImages: dataset.test, program: Terminal.program, now: Terminal.now
    ) { Terminal.remark("Warning: \($0)") }
    try record(
      trainer, recorder, page, in: directory, dataLines: dataLines,
      resumed: plan.checkpoint?.snapshot.position)
  }

  private func record(
    _ trainer: Trainer, _ recorder: RunRecorder, _ page: ReportWriter, in directory: RunDirectory,
    dataLines: [String], resumed: TrainingPosition?
  ) throws {
    let console = TrainingConsole(
      ConsoleOutput(
        drawsBars: Terminal.drawsBars && !quiet, columnCount: { Terminal.columnCount },
        writeResult: Terminal.writeResult, writeRemark: Terminal.writeRemark, now: Terminal.now))
    let events = RunEvents(in: directory, isAsked: tensorboard, resumed: resumed)
    Interruption.noteSignals()
    do {
      try trainer.run { event in
        // The files first: a line on the terminal says that the epoch is kept.
        try recorder.receive(event) { trainer.snapshot }
        try events.receive(event)
        page.receive(event)
        if case .started = event { for line in dataLines { Terminal.remark(line) } }
        try console.receive(event)
        try stopIfAsked(after: event, trainer, recorder, directory)
      }
    } catch let failure as Failure {
      page.stop()
      try console.closeBar()
      guard let path = recorder.lastCheckpoint else { throw failure }
      throw Failure(failure.kind, "\(failure.message); the last good checkpoint is \(path)")
    } catch {
      page.stop()
      try console.closeBar()
      throw error
    }
  }

  private func stopIfAsked(
    after event: TrainingEvent, _ trainer: Trainer, _ recorder: RunRecorder,
    _ directory: RunDirectory
  ) throws {
    guard let signal = Interruption.pendingSignal else { return }
    if case .finished = event { return }
    if case .started = event { return }
    try recorder.saveCheckpoint(trainer.snapshot)
    // A name that begins with a dash would be read as an option.
    let path = directory.path.hasPrefix("-") ? "./" + directory.path : directory.path
    let program = CommandLine.arguments.first ?? "ptrain"
    throw Interruption(
      signal: signal, command: "\(program.shellWord) --resume \(path.shellWord)")
  }
}
