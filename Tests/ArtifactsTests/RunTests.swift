// What a run shows and leaves, from its first event to its last.

import Glibc
import PTrainArtifacts
import PTrainDiagnostics
import PTrainEngine
import Testing

/// Two epochs of three steps.
private func events(_ model: TrainedModel) -> [TrainingEvent] {
  var events: [TrainingEvent] = [.started(sampleInfo)]
  for epoch in 1...2 {
    for step in 0..<3 {
      events.append(.step(StepResult(epoch: epoch, step: step, stepCount: 3, loss: 0.5)))
    }
    var result = sampleEpoch
    result.epoch = epoch
    events.append(.epoch(result, state: model.state))
  }
  events.append(
    .finished(
      RunResult(
        epochCount: 2, elapsedSeconds: 8, testAccuracy: 98.31, bestTestAccuracy: 98.31)))
  return events
}

/// Keeps what is written, and a clock that advances by `secondsPerCall`.
private final class Recording {
  var results = ""
  var remarks = ""
  var time = 0.0

  func output(
    drawsBars: Bool, columnCount: @escaping () -> Int? = { nil }, secondsPerCall: Double
  ) -> ConsoleOutput {
    ConsoleOutput(
      drawsBars: drawsBars, columnCount: columnCount, writeResult: { self.results += $0 },
      writeRemark: { self.remarks += $0 },
      now: {
        self.time += secondsPerCall
        return self.time
      })
  }
}

@Suite struct TrainingConsoleTests {
  private func remark(epoch: Int, left: String) -> String {
    "Epoch \(epoch)/20: learning rate 0.001, training loss 0.2500, 4.0 s, 15,000 images/s, "
      + "\(left) left\n"
  }

  let testSetLine = "Test set: Average loss: 0.0555, Accuracy: 9831/10000 (98.31%)\n"

  @Test func drawsABarOverItselfOnATerminal() throws {
    let recording = Recording()
    let console = TrainingConsole(recording.output(drawsBars: true, secondsPerCall: 1))
    for event in events(try sampleModel()).prefix(5) { try console.receive(event) }
    #expect(recording.results == testSetLine)
    #expect(
      recording.remarks == sampleInfo.startLine + "\n"
        + "\rloss=0.5000 batch_id=0:  33%|███▎      | 1/3 [00:01<00:02, 1.0it/s]"
        + "\rloss=0.5000 batch_id=1:  67%|██████▋   | 2/3 [00:02<00:01, 1.0it/s]"
        + "\rloss=0.5000 batch_id=2: 100%|██████████| 3/3 [00:03<00:00, 1.0it/s]\n"
        + remark(epoch: 1, left: "01:16"))
  }

  @Test func drawsTheFirstAndTheLastStepWhenStepsAreFast() throws {
    let recording = Recording()
    let console = TrainingConsole(recording.output(drawsBars: true, secondsPerCall: 0.001))
    for event in events(try sampleModel()) { try console.receive(event) }
    #expect(recording.remarks.contains("batch_id=0:"))
    #expect(!recording.remarks.contains("batch_id=1:"))
    #expect(recording.remarks.components(of: "batch_id=2: 100%") == 2)
  }

  @Test func staysWithinTheTerminal() throws {
    let recording = Recording()
    let console = TrainingConsole(
      recording.output(drawsBars: true, columnCount: { 20 }, secondsPerCall: 1))
    for event in events(try sampleModel()).prefix(4) { try console.receive(event) }
    let drawn = recording.remarks.split(separator: "\n")[1].split(separator: "\r")
    #expect(drawn.count == 3)
    #expect(drawn.allSatisfy { $0.count == 19 })
  }

  /// Each drawing takes the columns that the terminal has then, blanks over the last one included.
  @Test func followsTheTerminalsWidth() throws {
    let recording = Recording()
    var widths: [Int?] = [120, 40, 12, 60, 1, nil]
    let console = TrainingConsole(
      recording.output(
        drawsBars: true, columnCount: { widths.removeFirst() }, secondsPerCall: 1))
    let all = events(try sampleModel())
    for event in all.prefix(4) + all[5..<8] { try console.receive(event) }
    let drawn = recording.remarks.split(separator: "\n").dropFirst().flatMap {
      $0.split(separator: "\r")
    }
    #expect(widths.isEmpty)
    let whole = "loss=0.5000 batch_id=0:  33%|███▎      | 1/3 [00:01<00:02, 1.0it/s]".count
    #expect(drawn.map(\.count) == [whole, 39, 11, 59, 1, whole])
  }

  /// What a longer line left behind is covered, within the terminal.
  @Test func coversALongerLine() throws {
    let recording = Recording()
    var widths = [200, 69, 69]
    let console = TrainingConsole(
      recording.output(
        drawsBars: true, columnCount: { widths.removeFirst() }, secondsPerCall: 0.5))
    for (step, loss) in [(0, 1000), (1, 0.5), (2, 0.5)] {
      try console.receive(.step(StepResult(epoch: 1, step: step, stepCount: 4, loss: loss)))
    }
    let drawn = recording.remarks.split(separator: "\r")
    try #require(drawn.count == 3)
    #expect(drawn.map(\.count) == [70, 68, 67])
    #expect(drawn[1].hasSuffix("it/s] "))
  }

  @Test func writesOneLineAnEpochElsewhere() throws {
    let recording = Recording()
    let console = TrainingConsole(recording.output(drawsBars: false, secondsPerCall: 1))
    for event in events(try sampleModel()) { try console.receive(event) }
    #expect(recording.results == testSetLine + testSetLine)
    #expect(
      recording.remarks == sampleInfo.startLine + "\n" + remark(epoch: 1, left: "00:19")
        + remark(epoch: 2, left: "00:18"))
  }

  /// An epoch of which this process has trained a part tells nothing of the others' time.
  @Test func countsWholeEpochsOnly() throws {
    let recording = Recording()
    let console = TrainingConsole(recording.output(drawsBars: false, secondsPerCall: 10))
    let all = events(try sampleModel())
    for event in [all[0]] + all[3..<5] { try console.receive(event) }
    #expect(recording.remarks.hasSuffix("images/s, ? left\n"))
    for event in all[5..<9] { try console.receive(event) }
    #expect(recording.remarks.hasSuffix(remark(epoch: 2, left: "03:00")))
  }

  @Test func theLastEpochHasNoneBehindIt() throws {
    var result = sampleEpoch
    (result.epoch, result.validation) = (20, Evaluation(loss: 1, correctCount: 1, sampleCount: 4))
    let recording = Recording()
    let console = TrainingConsole(recording.output(drawsBars: false, secondsPerCall: 1))
    try console.receive(.started(sampleInfo))
    try console.receive(.epoch(result, state: sampleModel().state))
    #expect(recording.remarks.hasSuffix(", 15,000 images/s\n"))
    #expect(
      recording.results == "Validation set: Average loss: 1.0000, Accuracy: 1/4 (25.00%)\n"
        + testSetLine)
  }

  @Test func closesABarThatWasLeftOpen() throws {
    let recording = Recording()
    let console = TrainingConsole(recording.output(drawsBars: true, secondsPerCall: 1))
    for event in events(try sampleModel()).prefix(2) { try console.receive(event) }
    try console.closeBar()
    try console.closeBar()
    #expect(recording.remarks.hasSuffix("it/s]\n"))
  }
}

extension String {
  fileprivate func components(of part: String) -> Int { ranges(of: part).count }
}

private func settings(_ model: TrainedModel) -> RunSettings {
  RunSettings(
    seed: 1,
    data: DataFingerprint(
      name: "MNIST", trainSampleCount: 6, testSampleCount: 2, normalization: model.normalization,
      classNames: model.classNames, digests: sampleDigests))
}

private func snapshot(_ model: TrainedModel) -> TrainingSnapshot {
  let moments = [Float](repeating: 0, count: model.state.values.count)
  return TrainingSnapshot(
    model: model.state, firstMoment: moments, secondMoment: moments,
    average: moments, position: TrainingPosition())
}

@Suite struct RunRecorderTests {
  let temporary = TemporaryDirectory()
  let names = ["checkpoint", "metrics.csv", "metrics.jsonl", "model.safetensors"]

  private func record(_ events: some Sequence<TrainingEvent>, model: TrainedModel) throws -> String
  {
    var remarks = ""
    let recorder = RunRecorder(
      directory: RunDirectory(path: temporary.path + "/a/run"), network: model.network,
      settings: settings(model), report: { remarks += $0 + "\n" })
    for event in events { try recorder.receive(event) { snapshot(model) } }
    return remarks
  }

  @Test func leavesModelAndMetrics() throws {
    let model = try sampleModel()
    let remarks = try record(events(model), model: model)
    let run = RunDirectory(path: temporary.path + "/a/run")
    #expect(temporary.names(run.path) == names)
    #expect(try TrainedModel(contentsOf: run.modelPath) == model)
    #expect(
      remarks == "Best: test accuracy 98.31%; last: epoch 2, test accuracy 98.31%\n"
        + "Model: \(run.modelPath)\n")
    let table = String(decoding: try readFile(run.tablePath, limit: 10_000), as: UTF8.self)
    #expect(
      table.split(separator: "\n") == [
        "epoch,learning_rate,train_loss,train_accuracy,test_loss,test_correct,test_accuracy,"
          + "seconds,images_per_second,digest",
        "1,0.001,0.25,75.0,0.05549,9831,98.31,4.0,15000.0,\(model.state.digest)",
        "2,0.001,0.25,75.0,0.05549,9831,98.31,4.0,15000.0,\(model.state.digest)",
      ])
    let text = String(decoding: try readFile(run.metricsPath, limit: 10_000), as: UTF8.self)
    let lines = text.split(separator: "\n")
    #expect(lines.count == 4)
    #expect(lines[0] == sampleInfo.metricsLine(of: settings(model).data).text)
    #expect(lines.dropFirst().allSatisfy { $0.hasSuffix("\"digest\":\"\(model.state.digest)\"}") })
  }

  /// An epoch that is not the best leaves the model and its results as they are.
  @Test func keepsTheBestModel() throws {
    let (model, worse) = (try sampleModel(), try sampleModel(seed: 5))
    var result = sampleEpoch
    result.test = sampleEvaluation
    var second = result
    (second.epoch, second.isKept, second.test.loss) = (2, false, 9)
    let end = RunResult(
      epochCount: 2, elapsedSeconds: 8, testAccuracy: 50, bestTestAccuracy: 60, bestTestEpoch: 2,
      bestValidationLoss: 0.25, keptEpoch: 1, end: .patience)
    let remarks = try record(
      [
        .started(sampleInfo), .epoch(result, state: model.state),
        .epoch(second, state: worse.state), .finished(end),
      ], model: model)
    let run = RunDirectory(path: temporary.path + "/a/run")
    #expect(try TrainedModel(contentsOf: run.modelPath) == model)
    let evaluation = try EvaluationFile(contentsOf: run.evaluationPath)
    #expect(evaluation.epoch == 1 && evaluation.digest == model.state.digest)
    #expect(evaluation.report.evaluation == sampleEvaluation)
    #expect(
      remarks
        == "Best: epoch 1, validation loss 0.2500; last: epoch 2, test accuracy 50.00%, 1 epoch "
        + "without a better validation loss\n"
        + "Model: \(run.modelPath) (epoch 1, the best on the validation set)\n")
    let lines = String(decoding: try readFile(run.metricsPath, limit: 10_000), as: UTF8.self)
    #expect(
      lines.contains(
        #""best_epoch":1,"model_epoch":1,"stopped_by":"patience","digest":"\#(model.state.digest)"}"#
      ))
    #expect(try MetricsFile.hasEnd(run.metricsPath))
  }

  @Test func makesNoDirectoryBeforeTheStart() throws {
    _ = try record([], model: sampleModel())
    #expect(temporary.names().isEmpty)
  }

  @Test func keepsAnEarlierRun() throws {
    let model = try sampleModel()
    let other = try sampleModel(seed: 5)
    let run = temporary.path + "/a/run"
    for count in 0...2 {
      let remarks = try record(events(count == 0 ? model : other), model: model)
      #expect(remarks.contains("previous-\(count)") == (count > 0))
    }
    #expect(
      temporary.names(run) == names + ["previous-1", "previous-2"])
    #expect(try TrainedModel(contentsOf: run + "/previous-1/model.safetensors") == model)
  }

  @Test func aPlaceThatRefusesIsToldBeforeTraining() throws {
    try writeFile(temporary.path + "/a", [])
    let error = #expect(throws: Failure.self) {
      try record(events(sampleModel()).prefix(1), model: sampleModel())
    }
    #expect(error?.kind == .cannotCreate)
  }
}
