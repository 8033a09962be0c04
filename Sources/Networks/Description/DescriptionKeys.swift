// Reading a mapping of a description: known keys only, numbers within limits.
// Every error carries its coding path, from which the reader finds the line.

/// Any string as a key.
struct DescriptionKey: CodingKey {
  let stringValue: String
  var intValue: Int? { nil }

  init(_ text: String) { stringValue = text }
  init?(stringValue: String) { self.init(stringValue) }
  init?(intValue: Int) { nil }
}

/// An error at `path` whose text is meant for the user.
func descriptionError(_ path: [any CodingKey], _ text: String) -> DecodingError {
  .dataCorrupted(DecodingError.Context(codingPath: path, debugDescription: text))
}

/// The keys and values of one mapping.
struct DescriptionKeys {
  private let container: KeyedDecodingContainer<DescriptionKey>
  private let owner: String

  /// Refuses anything but a mapping and any key that is not `known`.
  init(_ decoder: any Decoder, of owner: String, known: [String]) throws {
    guard let container = try? decoder.container(keyedBy: DescriptionKey.self) else {
      throw descriptionError(
        decoder.codingPath, "\(owner) must be keys and values (\(known.joined(separator: ", ")))")
    }
    self.container = container
    self.owner = owner
    if let key = container.allKeys.first(where: { !known.contains($0.stringValue) }) {
      throw failure(
        key.stringValue,
        "unknown key `\(key.stringValue.prefix(40))` in \(owner), known: "
          + known.joined(separator: ", "))
    }
  }

  /// Takes any keys, such as names of the data's.
  init(_ decoder: any Decoder, of owner: String) throws {
    guard let container = try? decoder.container(keyedBy: DescriptionKey.self) else {
      throw descriptionError(decoder.codingPath, "\(owner) must be names and values")
    }
    self.container = container
    self.owner = owner
  }

  /// All keys, in an order of their own.
  var names: [String] { container.allKeys.map(\.stringValue).sorted() }

  /// The key of a mapping that has exactly one.
  var onlyKey: String? { container.allKeys.count == 1 ? container.allKeys[0].stringValue : nil }

  /// Where the mapping stands.
  var path: [any CodingKey] { container.codingPath }

  func isThere(_ key: String) -> Bool { container.contains(DescriptionKey(key)) }

  func isList(_ key: String) -> Bool {
    (try? container.nestedUnkeyedContainer(forKey: DescriptionKey(key))) != nil
  }

  func failure(_ key: String, _ text: String) -> DecodingError {
    descriptionError(container.codingPath + [DescriptionKey(key)], text)
  }

  func refuse(_ keys: [String], _ reason: String) throws {
    for key in keys where isThere(key) {
      throw failure(key, "`\(key)` \(reason)")
    }
  }

  func optional<Value: Decodable>(_ key: String, _ type: Value.Type) throws -> Value? {
    guard isThere(key) else { return nil }
    return try container.decode(type, forKey: DescriptionKey(key))
  }

  func value<Value: Decodable>(_ key: String, _ type: Value.Type) throws -> Value {
    guard let value = try optional(key, type) else { throw missing(key) }
    return value
  }

  func list<Item: Decodable>(_ key: String, of type: Item.Type) throws -> [Item] {
    guard isList(key) || !isThere(key) else {
      throw failure(key, "`\(key)` must be a list")
    }
    return try value(key, [Item].self)
  }

  func text(_ key: String) throws -> String {
    try plain(key, String.self, "text") ?? { throw missing(key) }()
  }

  func flag(_ key: String, default fallback: Bool) throws -> Bool {
    try plain(key, Bool.self, "true or false") ?? fallback
  }

  func choice<Choice>(_ key: String, default fallback: Choice) throws -> Choice
  where Choice: RawRepresentable & CaseIterable, Choice.RawValue == String {
    let expected = Choice.allCases.map(\.rawValue).joined(separator: ", ")
    guard let word = try plain(key, String.self, "one of \(expected)") else { return fallback }
    guard let choice = Choice(rawValue: word) else {
      throw failure(key, "`\(key)` is `\(word.prefix(40))`, expected one of \(expected)")
    }
    return choice
  }

  /// A number within `range` (NaN never is), `fallback` where the key is missing.
  func number<Number: Decodable & Comparable>(
    _ key: String, default fallback: Number? = nil, _ range: ClosedRange<Number>,
    or alternative: String = ""
  ) throws -> Number {
    let expected = "a number from \(range.lowerBound) to \(range.upperBound)" + alternative
    // YAML 1.1 reads 1:04 as 64.
    if let text = try? container.decode(String.self, forKey: DescriptionKey(key)),
      text.contains(":")
    {
      throw failure(key, "`\(key)` must be \(expected)")
    }
    guard let number = try plain(key, Number.self, expected) else {
      guard let fallback else { throw missing(key) }
      return fallback
    }
    guard range.contains(number) else {
      throw failure(key, "`\(key)` is \(number), expected \(expected)")
    }
    return number
  }

  private func plain<Value: Decodable>(
    _ key: String, _ type: Value.Type, _ expected: String
  ) throws -> Value? {
    guard isThere(key) else { return nil }
    guard let value = try? container.decode(type, forKey: DescriptionKey(key)) else {
      throw failure(key, "`\(key)` must be \(expected)")
    }
    return value
  }

  func missing(_ key: String) -> DecodingError {
    descriptionError(container.codingPath, "\(owner) needs `\(key)`")
  }
}

extension DescriptionKeys {
  /// A number within `range`; the key must be there.
  func number<Number: Decodable & Comparable>(
    _ key: String, _ range: ClosedRange<Number>, or alternative: String = ""
  ) throws -> Number { try number(key, default: nil, range, or: alternative) }
}
