// When a run writes its page, and what happens where it cannot.

import Glibc
import PTrainArtifacts
import PTrainDatasets
import PTrainDiagnostics
import PTrainEngine
import PTrainReport
import Testing

/// Seconds as told by the test; every look at it costs `tick`.
private final class Clock {
  var time = 0.0
  var tick = 0.0

  func now() -> Double {
    defer { time += tick }
    return time
  }
}

@Suite struct WriterTests {
  private let run: SampleRun
  private let clock = Clock()

  init() throws { run = try SampleRun() }

  private func writer(_ warn: @escaping (String) -> Void = { _ in }) throws -> ReportWriter {
    let images = try ImageSet(
      height: 4, width: 4, images: Array(repeating: 0, count: 64), labels: [0, 0, 1, 2])
    return ReportWriter(
      directory: run.directory, settings: run.settings, testImages: images, program: "ptrain",
      now: clock.now, warn: warn)
  }

  private var epoch: TrainingEvent {
    .epoch(
      EpochResult(
        epoch: 1, learningRate: 0.1, training: sampleEvaluation, test: sampleEvaluation,
        elapsedSeconds: 1), state: run.model.state)
  }

  private var end: TrainingEvent {
    .finished(
      RunResult(epochCount: 1, elapsedSeconds: 1, testAccuracy: 50, bestTestAccuracy: 50))
  }

  /// The state that the page tells; nil where there is none. The page is taken away.
  private func takeState() throws -> String? {
    guard fileExists(run.directory.reportPath) else { return nil }
    let html = try readFile(run.directory.reportPath, limit: 1 << 20)
    unlink(run.directory.reportPath)
    return try PageContent(html: html).state
  }

  @Test func writesAfterEveryEpochAndAtTheEnd() throws {
    let writer = try writer()
    writer.receive(.step(StepResult(epoch: 1, step: 0, stepCount: 1, loss: 1)))
    #expect(try takeState() == nil)
    for _ in 0..<2 {
      writer.receive(epoch)
      #expect(try takeState() == "running")
      clock.time += 1
    }
    writer.receive(end)
    #expect(try takeState() == "finished")
  }

  /// A page that takes a second is not written again for the next 66.
  @Test func takesASmallShareOfTheTime() throws {
    let writer = try writer()
    clock.tick = 1
    writer.receive(epoch)
    #expect(try takeState() == "running")
    clock.time += 62
    writer.receive(epoch)
    #expect(try takeState() == nil)
    clock.time += 4
    writer.receive(epoch)
    #expect(try takeState() == "running")
    writer.receive(end)
    #expect(try takeState() == "finished")
  }

  @Test func tellsThatARunWasStopped() throws {
    let writer = try writer()
    writer.stop()
    #expect(try takeState() == nil)
    writer.receive(epoch)
    writer.stop()
    #expect(try takeState() == "stopped")
  }

  @Test func aPageThatCannotBeWrittenIsToldOnce() throws {
    try makeDirectory(run.directory.reportPath)
    var warnings: [String] = []
    let writer = try writer { warnings.append($0) }
    for event in [epoch, epoch, end] {
      writer.receive(event)
      clock.time += 1
    }
    #expect(warnings.count == 1)
    #expect(warnings.first?.contains("report.html") == true)
  }
}
