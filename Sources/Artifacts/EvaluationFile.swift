// evaluation.json: what the model of a run directory makes of the test set, for the run's report.
// It stands beside model.safetensors and belongs to its digest.

import FoundationEssentials
import PTrainDiagnostics
import PTrainEngine

/// The test of a run's model.
package struct EvaluationFile: Equatable, Sendable {
  /// Longest file that is read, in bytes: 256 classes take a tenth.
  private static let byteLimit = 16 << 20

  /// 1-based; the epoch that the model was saved after.
  package let epoch: Int
  /// Of the model.
  package let digest: String
  package let report: EvaluationReport

  package init(epoch: Int, digest: String, report: EvaluationReport) {
    self.epoch = epoch
    self.digest = digest
    self.report = report
  }

  /// Writes the file, whole or not at all.
  package func write(to path: String) throws { try writeFile(path, Array((json.text + "\n").utf8)) }

  /// Reads a run's file; throws `missingInput` or, for anything but what `write` gives, `badData`.
  package init(contentsOf path: String) throws {
    let bytes = try readFile(path, limit: Self.byteLimit)
    guard let content = try? JSONDecoder().decode(Content.self, from: Data(bytes)),
      let report = content.report
    else { throw Failure(.badData, "\(path): no evaluation of a run, or a damaged one") }
    self.init(epoch: content.epoch, digest: content.digest, report: report)
  }
}

extension EvaluationFile {
  var json: JSONText {
    let head: JSONText.KeyValuePairs = ["epoch": .integer(epoch), "digest": .string(digest)]
    let mistakes = JSONText.array(report.evaluation.mistakes.map(\.json))
    return .object(
      .init(
        head.fields + report.fields(perClass: true) + [(key: "mistakes", value: mistakes)]))
  }
}

extension Mistake {
  fileprivate var json: JSONText {
    .object([
      "image": .integer(sample), "class": .integer(trueClass), "answer": .integer(predictedClass),
      "probability": .number(probability), "class_probability": .number(trueProbability),
    ])
  }
}

/// The file as it says it, not yet checked.
private struct Content: Decodable {
  struct Row: Decodable {
    let image: Int
    let trueClass: Int
    let answer: Int
    let probability: Double
    let trueProbability: Double

    private enum CodingKeys: String, CodingKey {
      case image, answer, probability
      case trueClass = "class"
      case trueProbability = "class_probability"
    }
  }

  let epoch: Int
  let digest: String
  let loss: Double
  let classes: [String]
  let confusion: [[Int]]
  let mistakes: [Row]

  private enum CodingKeys: String, CodingKey {
    case epoch, digest, classes, confusion, mistakes
    case loss = "test_loss"
  }

  /// Nil for numbers that contradict each other.
  var report: EvaluationReport? {
    guard let confusion = ConfusionMatrix(rows: confusion), epoch >= 1 else { return nil }
    let (sampleCount, known) = (confusion.sampleCount, 0..<classes.count)
    guard
      mistakes.allSatisfy({
        (0..<sampleCount).contains($0.image) && known.contains($0.trueClass)
          && known.contains($0.answer)
      })
    else { return nil }
    return EvaluationReport(
      Evaluation(
        loss: loss, correctCount: confusion.correctCount, sampleCount: sampleCount,
        confusion: confusion,
        mistakes: mistakes.map {
          Mistake(
            sample: $0.image, trueClass: $0.trueClass, predictedClass: $0.answer,
            probability: $0.probability, trueProbability: $0.trueProbability)
        }), classNames: classes)
  }
}
