// JSON written with fields in the order we give, one object a line.
// `JSONEncoder` sorts or shuffles keys; the metrics file and safetensors headers want ours.

/// A JSON value that is only ever written.
package enum JSONText: Equatable, Sendable {
  case string(String)
  case integer(Int)
  case unsigned(UInt64)
  case flag(Bool)
  case null
  /// Not a number and infinities become `null`, which JSON has no other word for.
  case number(Double)
  /// As few digits as read back as the same Float; null as `number`.
  case float(Float)
  case array([JSONText])
  case object(KeyValuePairs)

  /// An object's fields in order.
  package struct KeyValuePairs: Equatable, Sendable, ExpressibleByDictionaryLiteral {
    package var fields: [(key: String, value: JSONText)]

    package init(_ fields: [(key: String, value: JSONText)]) { self.fields = fields }
    package init(dictionaryLiteral elements: (String, JSONText)...) {
      fields = elements.map { (key: $0.0, value: $0.1) }
    }
    package static func == (left: Self, right: Self) -> Bool {
      left.fields.elementsEqual(right.fields) { $0 == $1 }
    }
  }

  /// An object with one more field at its end.
  package func adding(_ key: String, _ value: JSONText) -> JSONText {
    guard case .object(let pairs) = self else { preconditionFailure("not an object") }
    return .object(KeyValuePairs(pairs.fields + [(key, value)]))
  }

  /// The value on one line, without spaces.
  package var text: String {
    switch self {
    case .string(let value): quoted(value)
    case .integer(let value): String(value)
    case .unsigned(let value): String(value)
    case .flag(let value): String(value)
    case .null: "null"
    case .number(let value): value.isFinite ? "\(value)" : "null"
    case .float(let value): value.isFinite ? "\(value)" : "null"
    case .array(let values): "[" + values.map(\.text).joined(separator: ",") + "]"
    case .object(let pairs):
      "{" + pairs.fields.map { quoted($0.key) + ":" + $0.value.text }.joined(separator: ",") + "}"
    }
  }
}

private func quoted(_ value: String) -> String {
  var text = "\""
  for scalar in value.unicodeScalars {
    switch scalar {
    case "\"": text += "\\\""
    case "\\": text += "\\\\"
    case "\n": text += "\\n"
    case "\t": text += "\\t"
    case "\r": text += "\\r"
    case _ where scalar.value < 0x20:
      let digits = String(scalar.value, radix: 16)
      text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
    default: text.unicodeScalars.append(scalar)
    }
  }
  return text + "\""
}
