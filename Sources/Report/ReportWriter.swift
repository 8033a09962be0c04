// Listens to a training run and keeps its page up to date: after each epoch, as long as that costs next
// to nothing, and at the end. A page that cannot be written ends no run.

import Glibc
import PTrainArtifacts
import PTrainDatasets
import PTrainDiagnostics
import PTrainEngine

package final class ReportWriter {
  /// Most of a run's time that pages may take, the last one not counted.
  private static let timeShare = 0.015

  private let directory: RunDirectory
  private let settings: RunSettings
  private let testImages: ImageSet
  private let program: String
  private let now: () -> Double
  private let warn: (String) -> Void
  private var hasWarned = false
  private var hasEpochs = false
  /// When the next page may be begun.
  private var nextTime = -Double.infinity

  /// `directory` has an absolute path, `now` gives seconds from any fixed moment; `warn` gets at most
  /// one line.
  package init(
    directory: RunDirectory, settings: RunSettings, testImages: ImageSet, program: String,
    now: @escaping () -> Double, warn: @escaping (String) -> Void
  ) {
    self.directory = directory
    self.settings = settings
    self.testImages = testImages
    self.program = program
    self.now = now
    self.warn = warn
  }

  /// After the run's other files were written.
  package func receive(_ event: TrainingEvent) {
    switch event {
    case .epoch:
      hasEpochs = true
      let start = now()
      guard start >= nextTime else { return }
      write(.running)
      let end = now()
      nextTime = end + (end - start) / Self.timeShare
    case .finished: write(.finished)
    case .started, .step: return
    }
  }

  /// The run ends before its end; what this process has tested stands in the page.
  package func stop() {
    if hasEpochs { write(.stopped) }
  }

  private func write(_ state: RunPage.State) {
    do {
      let page = try RunPage(
        directory, state: state, settings: settings, testImages: testImages, program: program,
        writtenAt: time(nil))
      try writeFile(directory.reportPath, page.html)
    } catch {
      if !hasWarned { warn("the run's page could not be written, training goes on: \(error)") }
      hasWarned = true
    }
  }
}
