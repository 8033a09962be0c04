// An evaluation by class, for people and for programs.

import PTrainEngine

/// An evaluation of a labelled set with the names of its classes.
package struct EvaluationReport: Equatable, Sendable {
  package let evaluation: Evaluation
  /// One for each class of the model.
  package let classNames: [String]
  package let confusion: ConfusionMatrix

  /// Nil where the evaluation has no confusion matrix, or one of another size.
  package init?(_ evaluation: Evaluation, classNames: [String]) {
    guard let confusion = evaluation.confusion, confusion.classCount == classNames.count else {
      return nil
    }
    self.evaluation = evaluation
    self.classNames = classNames
    self.confusion = confusion
  }
}

// MARK: Text

extension EvaluationReport {
  /// A line for each class, the balanced accuracy and the confusion matrix.
  package var perClassText: String {
    ([classTable, "Balanced accuracy: \(fixed(confusion.balancedAccuracy, 2))%", matrixTable]
      as [String]).joined(separator: "\n")
  }

  private var nameWidth: Int { max(5, classNames.map(\.count).max() ?? 0) }

  private func row(_ name: String, _ cells: [String], width: Int) -> String {
    name + String(repeating: " ", count: nameWidth - name.count)
      + cells.map { $0.leftPadded(to: width) }.joined() + "\n"
  }

  private var classTable: String {
    let lines = classNames.enumerated().map { index, name in
      let shares = [confusion.precision, confusion.recall, confusion.f1].map { $0(index) }
      return row(
        name,
        shares.map { $0.map { fixed(100 * $0, 2) + "%" } ?? "-" }
          + [String(confusion.sampleCount(of: index))], width: 11)
    }
    return row("class", ["precision", "recall", "F1", "images"], width: 11) + lines.joined()
  }

  private var matrixTable: String {
    let longest = confusion.rows.joined().max().map { String($0).count } ?? 0
    let width = 2 + max(longest, classNames.map(\.count).max() ?? 0)
    let lines = zip(classNames, confusion.rows).map { row($0, $1.map(String.init), width: width) }
    return "Confusion matrix: a row for each class, a column for each answer\n"
      + row("", classNames, width: width) + lines.joined()
  }
}

// MARK: JSON

extension Evaluation {
  fileprivate var fields: JSONText.KeyValuePairs {
    [
      "test_loss": .number(loss), "test_correct": .integer(correctCount),
      "test_accuracy": .number(accuracy),
    ]
  }

  /// What `eval --json` prints for so many classes that there is no more to tell of them.
  package var json: JSONText { .object(fields) }
}

extension EvaluationReport {
  /// What `eval --json` prints; shares and accuracies are percentages.
  package func json(perClass: Bool = false) -> JSONText {
    .object(.init(fields(perClass: perClass)))
  }

  func fields(perClass: Bool) -> [(key: String, value: JSONText)] {
    let names = classNames.map { JSONText.string($0) }
    let fields: JSONText.KeyValuePairs = [
      "balanced_accuracy": .number(confusion.balancedAccuracy), "classes": .array(names),
      "confusion": .array(confusion.rows.map { .array($0.map { .integer($0) }) }),
    ]
    return evaluation.fields.fields + fields.fields
      + (perClass ? [(key: "per_class", value: classRows)] : [])
  }

  private var classRows: JSONText {
    func percent(_ share: Double?) -> JSONText { share.map { .number(100 * $0) } ?? .null }
    return .array(
      classNames.enumerated().map { index, name in
        .object([
          "class": .string(name), "precision": percent(confusion.precision(of: index)),
          "recall": percent(confusion.recall(of: index)), "f1": percent(confusion.f1(of: index)),
          "images": .integer(confusion.sampleCount(of: index)),
        ])
      })
  }
}
