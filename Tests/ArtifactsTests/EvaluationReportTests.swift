// Results by class as text, JSON and a file of a run.

import PTrainArtifacts
import PTrainDiagnostics
import PTrainEngine
import Testing

let sampleEvaluation = Evaluation(
  loss: 0.75, correctCount: 5, sampleCount: 7,
  confusion: ConfusionMatrix(rows: [[1, 1, 0], [0, 4, 0], [1, 0, 0]]),
  mistakes: [
    Mistake(sample: 6, trueClass: 2, predictedClass: 0, probability: 0.9, trueProbability: 0.05),
    Mistake(sample: 1, trueClass: 0, predictedClass: 1, probability: 0.5, trueProbability: 0.25),
  ])

@Suite struct EvaluationReportTests {
  private func report() throws -> EvaluationReport {
    try #require(EvaluationReport(sampleEvaluation, classNames: ["cat", "a dog", "é"]))
  }

  @Test func textByClass() throws {
    #expect(
      try report().perClassText == """
        class  precision     recall         F1     images
        cat       50.00%     50.00%     50.00%          2
        a dog     80.00%    100.00%     88.89%          4
        é              -      0.00%      0.00%          1

        Balanced accuracy: 50.00%
        Confusion matrix: a row for each class, a column for each answer
                 cat  a dog      é
        cat        1      1      0
        a dog      0      4      0
        é          1      0      0

        """)
  }

  @Test func json() throws {
    #expect(
      try report().json().text
        == #"{"test_loss":0.75,"test_correct":5,"test_accuracy":\#(500.0 / 7),"#
        + #""balanced_accuracy":50.0,"classes":["cat","a dog","é"],"#
        + #""confusion":[[1,1,0],[0,4,0],[1,0,0]]}"#)
    #expect(
      try report().json(perClass: true).text.hasSuffix(
        #","per_class":[{"class":"cat","precision":50.0,"recall":50.0,"f1":50.0,"images":2},"#
          + #"{"class":"a dog","precision":80.0,"recall":100.0,"f1":\#(100 * (8.0 / 9)),"images":4},"#
          + #"{"class":"é","precision":null,"recall":0.0,"f1":0.0,"images":1}]}"#))
  }

  @Test func wantsANameForEachClass() {
    #expect(EvaluationReport(sampleEvaluation, classNames: ["cat", "dog"]) == nil)
    let plain = Evaluation(loss: 1, correctCount: 1, sampleCount: 2)
    #expect(EvaluationReport(plain, classNames: ["cat"]) == nil)
  }
}

@Suite struct EvaluationFileTests {
  let temporary = TemporaryDirectory()

  @Test func readsBackWhatWasWritten() throws {
    let report = try #require(EvaluationReport(sampleEvaluation, classNames: ["a", "b", "c\n"]))
    let file = EvaluationFile(epoch: 3, digest: "00ff", report: report)
    let path = temporary.path + "/evaluation.json"
    try file.write(to: path)
    #expect(try EvaluationFile(contentsOf: path) == file)
  }

  @Test(arguments: [
    ("\"confusion\":[[1", "\"confusion\":[[-1"), ("\"confusion\":[[1,", "\"confusion\":[["),
    ("\"answer\":0", "\"answer\":3"), ("\"image\":6", "\"image\":7"),
    ("\"epoch\":3", "\"epoch\":0"), ("\"digest\"", "\"disgust\""), ("[\"a\",", "["), ("}\n", ""),
  ])
  func damageIsTold(old: String, new: String) throws {
    let report = try #require(EvaluationReport(sampleEvaluation, classNames: ["a", "b", "c"]))
    let path = temporary.path + "/evaluation.json"
    try EvaluationFile(epoch: 3, digest: "00ff", report: report).write(to: path)
    var text = String(decoding: try readFile(path, limit: 10_000), as: UTF8.self)
    text.replaceSubrange(try #require(text.firstRange(of: old)), with: new)
    try writeFile(path, Array(text.utf8))
    let failure = #expect(throws: Failure.self) { try EvaluationFile(contentsOf: path) }
    #expect(failure?.kind == .badData)
    #expect(failure?.message.hasPrefix(path + ": ") == true)
  }

  @Test func aMissingOneIsTold() {
    let failure = #expect(throws: Failure.self) {
      try EvaluationFile(contentsOf: temporary.path + "/none.json")
    }
    #expect(failure?.kind == .missingInput)
  }
}
