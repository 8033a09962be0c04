// `ptrain train`, which is also `ptrain` alone: from options to a run directory.

import ArgumentParser
import PTrain
import PTrainArtifacts
import PTrainDiagnostics
import PTrainEngine
import PTrainReport

struct Train: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Trains a model and leaves it in a run directory.",
    discussion: """
      Writes model.safetensors, metrics.jsonl (one JSON object a line), metrics.csv, evaluation.json \
      (results by class), report.html (a page for any browser) and checkpoint/ into the run directory. \
      With a validation set the model is that of the epoch with the smallest validation loss, else that of \
      the last. Ctrl-C ends the step, keeps the run and tells how to go on with it. \
      PTRAIN_ISA=baseline|avx2|avx512|neon forces an instruction set.

      Examples:
        ptrain --model eva8 --epochs 20 --threads 2 --output runs/first
        ptrain --resume runs/first

      Built with '--traits default,MPI', several processes train one model:
        mpirun -np 2 ptrain --model eva8 --threads 1
      """)

  @OptionGroup(title: "Model") var model: ModelOptions
  @OptionGroup(title: "Model") var start: StartOptions
  @OptionGroup(title: "Data") var data: DataOptions
  @OptionGroup(title: "Data") var split: SplitOptions
  @OptionGroup(title: "Recipe (default: the model's own)") var recipe: RecipeOptions
  @OptionGroup(title: "Run") var course: CourseOptions
  @OptionGroup(title: "Machine") var machine: MachineOptions
  @OptionGroup(title: "Output") var files: OutputOptions

  func validate() throws {
    if course.resume != nil && files.output != nil {
      throw ValidationError("--output: a run that is resumed stays in its directory")
    }
    if start.resetHead && start.from == nil {
      throw ValidationError("--reset-head: acts with --from FILE")
    }
    if course.resume != nil && start.from != nil {
      throw ValidationError("--from: a run that is resumed starts from its checkpoint")
    }
  }

  func run() throws {
    // Wrong options are told before the other processes of the job are met.
    var plan = course.resume == nil ? try newPlan() : nil
    let configuration = try machine.engineConfiguration()
    if let resume = course.resume { plan = try resumedPlan(resume) }
    try train(plan!, configuration)
  }

  private func train(_ plan: RunPlan, _ configuration: EngineConfiguration) throws {
    var (dataset, dataLines) = try plan.data.dataset(
      limitTrain: plan.limitTrain, testShare: plan.testShare, seed: plan.seed,
      threads: machine.threads, drawsBar: !files.quiet)
    let fingerprint = DataFingerprint(dataset)
    try plan.check(fingerprint)
    let settings = plan.settings(fingerprint)
    if let size = plan.validation { try dataset.holdOutValidation(size, seed: plan.seed) }
    dataLines += [dataset.duplicatesLine, plan.keptFilterLine].compactMap { $0 }
    let trainer = try PTrain.Trainer(
      plan.description, dataset, plan.options, configuration, plan.snapshot)
    guard Job.isLeader else {
      Interruption.ignoreSignals()
      try trainer.record { _ in }
      return
    }
    let (directory, lock) = try plan.claimDirectory()
    defer { withExtendedLifetime(lock) {} }
    let recorder = RunRecorder(
      directory: directory, network: trainer.network, settings: settings,
      resumed: plan.checkpoint?.snapshot.position, report: Terminal.remark)
    let page = ReportWriter(
      directory: RunDirectory(path: Terminal.absolutePath(directory.path)), settings: settings,
      testImages: dataset.test, program: Terminal.program, now: Terminal.now
    ) { Terminal.remark("Warning: \($0)") }
    try record(
      trainer, recorder, page, in: directory, dataLines: dataLines, leftOut: dataset.leftOut,
      resumed: plan.checkpoint?.snapshot.position)
  }

  private func record(
    _ trainer: PTrain.Trainer, _ recorder: RunRecorder, _ page: ReportWriter,
    in directory: RunDirectory, dataLines: [String], leftOut: [String],
    resumed: TrainingPosition?
  ) throws {
    let console = TrainingConsole(
      ConsoleOutput(
        drawsBars: Terminal.drawsBars && !files.quiet, columnCount: { Terminal.columnCount },
        writeResult: Terminal.writeResult, writeRemark: Terminal.writeRemark, now: Terminal.now))
    let events = RunEvents(in: directory, isAsked: files.tensorboard, resumed: resumed)
    Interruption.noteSignals()
    do {
      try trainer.record { event in
        // The files first: a line on the terminal says that the epoch is kept.
        try recorder.receive(event) { trainer.snapshot }
        try events.receive(event)
        page.receive(event)
        if case .started = event {
          for line in dataLines { Terminal.remark(line) }
          try directory.write(leftOut: leftOut)
        }
        try console.receive(event)
        try stopIfAsked(after: event, trainer, recorder, directory)
      }
    } catch let failure as Failure {
      page.stop()
      try console.closeBar()
      guard let path = recorder.lastCheckpoint else { throw failure }
      throw Failure("", failure, "; the last good checkpoint is \(path)")
    } catch {
      page.stop()
      try console.closeBar()
      throw error
    }
  }

  private func stopIfAsked(
    after event: PTrainEngine.TrainingEvent, _ trainer: PTrain.Trainer, _ recorder: RunRecorder,
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
