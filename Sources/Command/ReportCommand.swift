// `ptrain report`: the page of a run directory again.

import ArgumentParser
import PTrain
import PTrainArtifacts
import PTrainCLibrary
import PTrainDiagnostics
import PTrainReport

struct ReportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "report",
    abstract: "Writes a run's page, report.html, again.",
    discussion: """
      A run writes report.html into its directory after each epoch and at its end. This command makes \
      it again from the run's files. The data is read for the pictures of mistakes alone; where it is \
      not at hand the page does without.

      Examples:
        ptrain report runs/first
        ptrain report runs/first --output first.html
      """)

  @Argument(help: ArgumentHelp("The run's directory.", valueName: "run"), completion: .directory)
  var runPath: String

  @Option(
    help: ArgumentHelp("The file to write (default: RUN/report.html).", valueName: "file.html"),
    completion: .file(extensions: ["html"]))
  var output: String?

  @Option(
    help: ArgumentHelp(
      "The run's data, where it was moved (default: where the run found it).", valueName: "path"),
    completion: .file())
  var data: String?

  func validate() throws {
    guard let output else { return }
    guard [".html", ".htm"].contains(where: output.lowercased().hasSuffix) else {
      throw ValidationError("--output \(output): expected a name ending in .html")
    }
  }

  func run() throws {
    let directory = RunDirectory(path: runPath)
    guard fileExists(directory.metricsPath) else {
      throw Failure(
        .missingInput,
        "\(runPath): no run of ptrain's: it has no metrics.jsonl; name a run directory")
    }
    guard fileExists(directory.modelPath) else {
      throw Failure(.missingInput, "\(runPath): has no model yet: its first epoch is not done")
    }
    // A run that goes on writes its page itself.
    let lock = output == nil ? try directory.lock() : nil
    defer { withExtendedLifetime(lock) {} }
    let settings = settings(directory)
    // Commands in the page work from anywhere.
    var page = try RunPage(
      RunDirectory(path: Terminal.absolutePath(runPath)), state: .stopped, settings: settings,
      testImages: testImages(settings), program: Terminal.program, writtenAt: time(nil))
    if page.history.isFinished { page.state = .finished }
    let path = output ?? directory.reportPath
    let html = page.html
    try writeFile(path, html)
    Terminal.remark("Wrote \(path): \(html.count / 1000) kB")
  }

  private func settings(_ directory: RunDirectory) -> RunSettings? {
    do {
      let store = CheckpointStore(directory: directory.checkpointPath)
      return try store.load { Terminal.remark("Warning: \($0)") }.settings
    } catch {
      Terminal.remark("Warning: \(error.line); the page lacks what a checkpoint knows of the run")
      return nil
    }
  }

  /// The run's own test set; nil where it cannot be had.
  private func testImages(_ settings: RunSettings?) -> ImageSet? {
    guard let settings else { return nil }
    do {
      let options = try DataOptions(of: settings, at: data)
      let (dataset, _) = try options.dataset(
        limitTrain: settings.limitTrain, testShare: settings.testShare, seed: settings.seed)
      if let difference = settings.data.difference(from: DataFingerprint(dataset)) {
        throw Failure(.badData, "the run began with other data: found \(difference)")
      }
      return dataset.test
    } catch {
      Terminal.remark("Warning: \(error.line); mistakes are shown without pictures")
      return nil
    }
  }
}
