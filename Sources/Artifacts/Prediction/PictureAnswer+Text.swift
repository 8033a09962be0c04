// An answer as a line: for people, for programs, for a table.

import PTrainEngine

/// How answers are written.
package enum AnswerForm: Sendable {
  case text, json, csv
}

extension PictureAnswer {
  /// A line with the `top` likeliest classes, without its end.
  package func line(_ form: AnswerForm, top: Int, classNames: [String]) -> String {
    let probabilities = Probabilities.softmax(logits[...])
    let best = Probabilities.top(top, logits[...]).map { (classNames[$0], probabilities[$0]) }
    switch form {
    case .text:
      let answers = best.map { "\(plain($0)) \(fixed(100 * $1, 2))%" }
      return "\(plain(picture)): \(answers.joined(separator: ", "))"
    case .csv:
      let place = [Self.cell(path), index.map(String.init) ?? ""]
      return (place + best.flatMap { [Self.cell($0), "\($1)"] }).joined(separator: ",")
    case .json: return json(best).text
    }
  }

  /// The first line of a table.
  package static func csvHead(top: Int) -> String {
    let others = top < 2 ? [] : (2...top).flatMap { ["label\($0)", "probability\($0)"] }
    return (["file", "index", "label", "probability"] + others).joined(separator: ",")
  }

  private func json(_ best: [(name: String, probability: Double)]) -> JSONText {
    let place: JSONText.KeyValuePairs = ["file": .string(path)]
    let number = index.map { [(key: "index", value: JSONText.integer($0))] } ?? []
    let answer: JSONText.KeyValuePairs = [
      "label": .string(best[0].name), "probability": .number(best[0].probability),
      "top": .array(best.map { .array([.string($0.name), .number($0.probability)]) }),
      "logits": .array(logits.map { .float($0) }),
    ]
    return .object(.init(place.fields + number + answer.fields))
  }

  /// RFC 4180: quotes where a comma, a quote or a line's end would be taken for the table's.
  private static func cell(_ text: String) -> String {
    guard text.contains(where: { ",\"\n\r\r\n".contains($0) }) else { return text }
    return "\"" + text.replacing("\"", with: "\"\"") + "\""
  }

  /// A name without what a terminal would act on.
  private func plain(_ text: String) -> String {
    String(
      String.UnicodeScalarView(
        text.unicodeScalars.map { $0.properties.generalCategory == .control ? "?" : $0 }))
  }
}
