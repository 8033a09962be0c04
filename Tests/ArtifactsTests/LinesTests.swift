// Lines for people and programs, compared to the character with what the contract shows.

import PTrainArtifacts
import PTrainDatasets
import PTrainDiagnostics
import PTrainEngine
import Testing

let sampleInfo = RunInfo(
  model: "eva8", parameterCount: 19_822, threadCount: 2, instructionSet: "avx512", seed: .max,
  epochCount: 20, batchSize: 256, shardCount: 32, shardSize: 8, trainSampleCount: 60_000,
  testSampleCount: 10_000, optimizer: "adam", learningRate: 0.001, schedule: "constant")

let sampleEpoch = EpochResult(
  epoch: 1, learningRate: 0.001,
  training: Evaluation(loss: 0.25, correctCount: 45_000, sampleCount: 60_000),
  test: Evaluation(loss: 0.05549, correctCount: 9831, sampleCount: 10_000), elapsedSeconds: 4)

@Suite struct DecodingBarTests {
  @Test func countsImages() {
    let bar = DecodingBar(
      DecodingProgress(doneCount: 30_000, totalCount: 60_000), elapsedSeconds: 1.6)
    #expect(bar.text == "Decoding:  50%|█████     | 30000/60000 [00:01, 18,750 images/s]")
    let start = DecodingBar(DecodingProgress(doneCount: 0, totalCount: 0), elapsedSeconds: 0)
    #expect(start.text == "Decoding:   0%|          | 0/0 [00:00, ? images/s]")
  }
}

@Suite struct ProgressBarTests {
  @Test func isTheBarOfTheContract() {
    let bar = ProgressBar(loss: 0.05837, step: 234, stepCount: 235, elapsedSeconds: 4.99)
    #expect(
      bar.text
        == "loss=0.0584 batch_id=234: 100%|██████████| 235/235 [00:04<00:00, 47.1it/s]")
  }

  @Test(arguments: [
    (0, 0.0, "loss=2.3000 batch_id=0:   0%|          | 1/235 [00:00<?, ?it/s]"),
    (11, 0.5, "loss=2.3000 batch_id=11:   5%|▌         | 12/235 [00:00<00:09, 24.0it/s]"),
    (116, 3.0, "loss=2.3000 batch_id=116:  50%|████▉     | 117/235 [00:03<00:03, 39.0it/s]"),
    (99, 250.0, "loss=2.3000 batch_id=99:  43%|████▎     | 100/235 [04:10<05:37, 2.5s/it]"),
    (0, 4000.0, "loss=2.3000 batch_id=0:   0%|          | 1/235 [1:06:40<260:00:00, 4000.0s/it]"),
  ])
  func isABarAtEveryStep(step: Int, seconds: Double, expected: String) {
    let bar = ProgressBar(loss: 2.3, step: step, stepCount: 235, elapsedSeconds: seconds)
    #expect(bar.text == expected)
  }

  @Test func countsTheRateFromTheResumedStep() {
    let bar = ProgressBar(
      loss: 1, step: 119, stepCount: 220, elapsedSeconds: 2, firstStep: 100)
    #expect(bar.text.hasSuffix("120/220 [00:02<00:10, 10.0it/s]"))
  }

  @Test func keepsItsWidthAndShowsBrokenLosses() {
    for step in 0..<1000 {
      let nan = step % 2 == 0 ? Double.nan : -Double.nan
      let text = ProgressBar(loss: nan, step: step, stepCount: 1000, elapsedSeconds: 1).text
      #expect(text.hasPrefix("loss=nan "))
      #expect(text.split(separator: "|")[1].count == 10)
    }
  }
}

@Suite struct ResultLinesTests {
  @Test func testSetLineIsTheOneOfTheContract() {
    #expect(
      sampleEpoch.test.testSetLine
        == "Test set: Average loss: 0.0555, Accuracy: 9831/10000 (98.31%)")
  }

  @Test func startLineTellsWhatWasChosen() {
    #expect(
      sampleInfo.startLine
        == "Training eva8 (19,822 parameters) on 60,000 images, batches of 256, seed "
        + "18446744073709551615: 2 threads on 1 node, avx512")
  }

  @Test func normsOverOneValueAreTold() {
    var info = sampleInfo
    info.singleValueNorm = "bn3"
    #expect(info.notes.map { $0.hasPrefix("Note: bn3 normalizes minibatches of one") } == [true])
  }

  @Test func threadsWithoutWorkAreTold() {
    #expect(sampleInfo.notes.isEmpty)
    var info = sampleInfo
    (info.threadCount, info.shardCount) = (16, 8)
    #expect(info.notes.map { $0.hasPrefix("Note: only 8 of 16 threads have work") } == [true])
  }
}

@Suite struct MetricsLinesTests {
  @Test func startLine() {
    #expect(
      sampleInfo.metricsLine(of: sampleData).text
        == #"{"event":"start","model":"eva8","parameters":19822,"threads":2,"ranks":1,"#
        + #""nodes":1,"instruction_set":"avx512","seed":18446744073709551615,"#
        + #""batch_size":256,"train_samples":60000,"test_samples":10000,"#
        + #""classes":["0","1","a \"b\""],"data_digest":"\#(sampleDigests.whole)","epochs":20,"#
        + #""optimizer":"adam","learning_rate":0.001,"schedule":"constant","#
        + #""weight_decay":0.0,"augment":"none","exchanged_bytes_per_step":0}"#)
  }

  @Test func epochLine() {
    #expect(
      sampleEpoch.metricsLine(digest: "00ff").text
        == #"{"event":"epoch","epoch":1,"learning_rate":0.001,"train_loss":0.25,"#
        + #""train_accuracy":75.0,"test_loss":0.05549,"test_correct":9831,"#
        + #""test_accuracy":98.31,"seconds":4.0,"images_per_second":15000.0,"digest":"00ff"}"#)
  }

  @Test func epochLineWithValidation() {
    var epoch = sampleEpoch
    epoch.validation = Evaluation(loss: 0.5, correctCount: 3, sampleCount: 4)
    #expect(
      epoch.metricsLine(digest: "00ff").text.contains(
        #""test_accuracy":98.31,"validation_loss":0.5,"validation_correct":3,"#
          + #""validation_accuracy":75.0,"seconds":4.0"#))
  }

  @Test func endLine() {
    let result = RunResult(
      epochCount: 20, elapsedSeconds: 81.5, testAccuracy: 98.31, bestTestAccuracy: 98.4,
      bestTestEpoch: 17)
    #expect(
      result.metricsLine(digest: "00ff").text
        == #"{"event":"end","epochs":20,"seconds":81.5,"test_accuracy":98.31,"#
        + #""best_test_accuracy":98.4,"best_epoch":17,"model_epoch":20,"#
        + #""stopped_by":"epochs","digest":"00ff"}"#)
    #expect(
      result.bestLine
        == "Best: epoch 17, test accuracy 98.40%; last: epoch 20, test accuracy 98.31%")
  }

  @Test func brokenNumbersAreNull() {
    var epoch = sampleEpoch
    epoch.training.loss = .nan
    epoch.test.loss = .infinity
    let text = epoch.metricsLine(digest: "").text
    #expect(text.contains(#""train_loss":null"#) && text.contains(#""test_loss":null"#))
  }

  /// A run that goes on in epoch 2 writes its line, and the end, again.
  @Test func dropsWhatIsWrittenAgain() throws {
    let directory = TemporaryDirectory()
    let path = directory.path + "/metrics.jsonl"
    var second = sampleEpoch
    second.epoch = 2
    let kept = [sampleInfo.metricsLine(of: sampleData), sampleEpoch.metricsLine(digest: "a")].map(
      \.text)
    let dropped = [second.metricsLine(digest: "b").text, #"{"event":"end"}"#, #"{"event":"epo"#]
    try writeFile(path, Array((kept + dropped).joined(separator: "\n").utf8))
    try MetricsFile(path: path, keepingEpochsBefore: 2).append(second.metricsLine(digest: "c"))
    let lines = String(decoding: try readFile(path, limit: 10_000), as: UTF8.self)
      .split(separator: "\n")
    #expect(lines == kept.map { $0[...] } + [second.metricsLine(digest: "c").text[...]])
  }

  @Test func appendsWholeLines() throws {
    let directory = TemporaryDirectory()
    let path = directory.path + "/metrics.jsonl"
    for _ in 0..<2 { try MetricsFile(path: path).append(.object(["event": .string("x")])) }
    let text = String(decoding: try readFile(path, limit: 1000), as: UTF8.self)
    #expect(text == "{\"event\":\"x\"}\n{\"event\":\"x\"}\n")
  }
}

@Suite struct FormattingTests {
  @Test(arguments: [
    (0.125, 2, "0.12"), (0.375, 2, "0.38"), (-1.005, 1, "-1.0"), (.infinity, 3, "inf"),
  ])
  func roundsAsC(value: Double, digits: Int, expected: String) {
    #expect(fixed(value, digits) == expected)
  }

  @Test func writesTheLongestNumber() {
    #expect(fixed(-.greatestFiniteMagnitude, 6).count == 1 + 309 + 1 + 6)
  }

  @Test(arguments: [
    (0, "0"), (999, "999"), (1000, "1,000"), (-1_234_567, "-1,234,567"),
    (Int.min, "-9,223,372,036,854,775,808"),
  ])
  func groupsDigits(value: Int, expected: String) {
    #expect(grouped(value) == expected)
  }
}
