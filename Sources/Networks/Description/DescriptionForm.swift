// A description as plain values: what `Codable` encodes and what the YAML text shows.
// One form for both, so that they cannot differ.

/// Words, numbers, lists and maps with their keys in order.
indirect enum DescriptionForm: Encodable {
  case word(String)
  /// A word of the user's, which YAML may take for something else.
  case name(String)
  case integer(Int)
  case number(Double)
  case flag(Bool)
  /// One item a line.
  case list([DescriptionForm])
  /// Items on one line.
  case flow([DescriptionForm])
  case map([(String, DescriptionForm)])
  /// A map whose keys are words of the user's.
  case named([(String, DescriptionForm)])

  func encode(to encoder: any Encoder) throws {
    switch self {
    case .word(let text), .name(let text): try text.encode(to: encoder)
    case .integer(let value): try value.encode(to: encoder)
    case .number(let value): try value.encode(to: encoder)
    case .flag(let value): try value.encode(to: encoder)
    case .list(let items), .flow(let items):
      var container = encoder.unkeyedContainer()
      for item in items { try container.encode(item) }
    case .map(let pairs), .named(let pairs):
      var container = encoder.container(keyedBy: DescriptionKey.self)
      for (key, value) in pairs { try container.encode(value, forKey: DescriptionKey(key)) }
    }
  }

  /// On one line, `{key: value, …}`.
  var flowText: String {
    switch self {
    case .word(let text): text
    case .name(let text): Self.isPlain(text) ? text : "\"\(text)\""
    case .integer(let value): "\(value)"
    case .number(let value): "\(value)"
    case .flag(let value): "\(value)"
    case .list(let items), .flow(let items):
      "[" + items.map(\.flowText).joined(separator: ", ") + "]"
    case .map(let pairs):
      "{" + pairs.map { "\($0): \($1.flowText)" }.joined(separator: ", ") + "}"
    case .named(let pairs):
      "{" + pairs.map { "\(Self.quoted($0)): \($1.flowText)" }.joined(separator: ", ") + "}"
    }
  }

  /// YAML's double quotes: whatever is no plain letter as an escape.
  private static func quoted(_ text: String) -> String {
    let scalars = text.unicodeScalars.map { scalar in
      let isPlain = scalar.isASCII && scalar.value >= 0x20 && scalar != "\"" && scalar != "\\"
      let digits = String(scalar.value, radix: 16)
      return isPlain && scalar.value != 0x7f
        ? String(scalar) : "\\U" + String(repeating: "0", count: 8 - digits.count) + digits
    }
    return "\"" + scalars.joined() + "\""
  }

  /// Whether YAML reads a word of letters, digits, `-`, `_` and `.` as itself: neither a number nor a
  /// mark, nor one of the words of YAML 1.1 for truth and nothing.
  private static func isPlain(_ word: String) -> Bool {
    let meanings = ["null", "true", "false", "yes", "no", "on", "off", "y", "n"]
    return word.first!.isLetter && !meanings.contains(word.lowercased())
  }

  /// One key a line and one item a line as far as lists reach, and in maps that are `open`; all else
  /// is on one line.
  func blockText(indent: String, isOpen: Bool = false) -> String {
    switch self {
    case .map(let pairs) where isBlock || isOpen:
      pairs.map { key, value in
        let opens = indent.isEmpty && value.isMap
        return value.isBlock || opens
          ? "\(indent)\(key):\n" + value.blockText(indent: indent + "  ", isOpen: opens)
          : "\(indent)\(key): \(value.flowText)\n"
      }.joined()
    case .list(let items) where !items.isEmpty:
      // An item's mark stands where its indentation would.
      items.map {
        "\(indent)- " + $0.blockText(indent: indent + "  ").dropFirst(indent.utf8.count + 2)
      }.joined()
    // A layer of one key needs no braces.
    case .map(let pairs) where pairs.count == 1:
      "\(indent)\(pairs[0].0): \(pairs[0].1.flowText)\n"
    default: "\(indent)\(flowText)\n"
    }
  }

  private var isMap: Bool { if case .map = self { true } else { false } }

  /// Whether a list is in it that has lines of its own.
  private var isBlock: Bool {
    switch self {
    case .list(let items): !items.isEmpty
    case .map(let pairs): pairs.contains { $0.1.isBlock }
    default: false
    }
  }
}
