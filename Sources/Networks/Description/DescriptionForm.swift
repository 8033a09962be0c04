// A description as plain values: what `Codable` encodes and what the YAML text shows.
// One form for both, so that they cannot differ.

/// Words, numbers, lists and maps with their keys in order.
indirect enum DescriptionForm: Encodable {
  case word(String)
  case integer(Int)
  case number(Double)
  case flag(Bool)
  case list([DescriptionForm])
  case map([(String, DescriptionForm)])

  func encode(to encoder: any Encoder) throws {
    switch self {
    case .word(let text): try text.encode(to: encoder)
    case .integer(let value): try value.encode(to: encoder)
    case .number(let value): try value.encode(to: encoder)
    case .flag(let value): try value.encode(to: encoder)
    case .list(let items):
      var container = encoder.unkeyedContainer()
      for item in items { try container.encode(item) }
    case .map(let pairs):
      var container = encoder.container(keyedBy: DescriptionKey.self)
      for (key, value) in pairs { try container.encode(value, forKey: DescriptionKey(key)) }
    }
  }

  /// On one line, `{key: value, …}`.
  var flowText: String {
    switch self {
    case .word(let text): text
    case .integer(let value): "\(value)"
    case .number(let value): "\(value)"
    case .flag(let value): "\(value)"
    case .list(let items): "[" + items.map(\.flowText).joined(separator: ", ") + "]"
    case .map(let pairs):
      "{" + pairs.map { "\($0): \($1.flowText)" }.joined(separator: ", ") + "}"
    }
  }

  /// One key a line, one item a line; maps inside items on one line.
  func blockText(indent: String) -> String {
    guard case .map(let pairs) = self else { return "\(indent)\(flowText)\n" }
    return pairs.map { key, value in
      switch value {
      case .list(let items):
        "\(indent)\(key):\n" + items.map { "\(indent)  - \($0.itemText)\n" }.joined()
      case .map where indent.isEmpty: "\(key):\n" + value.blockText(indent: "  ")
      default: "\(indent)\(key): \(value.flowText)\n"
      }
    }.joined()
  }

  /// `key: value` for the common map of one key.
  private var itemText: String {
    guard case .map(let pairs) = self, pairs.count == 1 else { return flowText }
    return "\(pairs[0].0): \(pairs[0].1.flowText)"
  }
}
