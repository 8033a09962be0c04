// A value of a description before its meaning is known: number, word, list of numbers or mapping.
// What stands for height and width, a padding or a number of features is told apart here.

/// A plain value as it was written.
enum DescriptionValue: Decodable, Equatable {
  case integer(Int)
  /// A number that is no integer, or a word, for messages.
  case other(String)
  case integers([Int])
  case mapping

  init(from decoder: any Decoder) throws {
    if (try? decoder.container(keyedBy: DescriptionKey.self)) != nil {
      self = .mapping
    } else if var list = try? decoder.unkeyedContainer() {
      var items: [Int] = []
      // Two are used; a third says that there are too many.
      while !list.isAtEnd, items.count < 3 {
        guard case .integer(let item)? = try? list.decode(DescriptionValue.self) else {
          self = .other("a list")
          return
        }
        items.append(item)
      }
      self = .integers(items)
    } else {
      let scalar = try decoder.singleValueContainer()
      let word = try? scalar.decode(String.self)
      // YAML 1.1 reads 1:04 as 64.
      if word?.contains(":") != true, let number = try? scalar.decode(Int.self) {
        self = .integer(number)
      } else {
        self = .other(word ?? "a value")
      }
    }
  }
}

extension DescriptionKeys {
  /// A number for both, or `[height, width]`; nil where the key is missing.
  func extents(
    _ key: String, _ range: ClosedRange<Int>, or alternative: String = ""
  ) throws -> Extents? {
    guard let value = try optional(key, DescriptionValue.self) else { return nil }
    return try extents(key, value, range, or: alternative)
  }

  /// The same, or `same`.
  func padding(_ key: String, _ range: ClosedRange<Int>) throws -> LayerPadding {
    guard let value = try optional(key, DescriptionValue.self) else { return 0 }
    if value == .other("same") { return .same }
    return .sides(try extents(key, value, range, or: ", or same"))
  }

  /// A number, or nil for `classes`; the key must be there.
  func features(
    _ key: String, _ range: ClosedRange<Int>, or alternative: String = ""
  ) throws -> Int? {
    let value = try value(key, DescriptionValue.self)
    if value == .other("classes") { return nil }
    if case .integer(let number) = value, range.contains(number) { return number }
    throw failure(
      key,
      "`\(key)` needs `classes` or \(range.lowerBound) to \(range.upperBound) features"
        + alternative)
  }

  private func extents(
    _ key: String, _ value: DescriptionValue, _ range: ClosedRange<Int>, or alternative: String
  ) throws -> Extents {
    let expected =
      "a number from \(range.lowerBound) to \(range.upperBound) or [height, width]" + alternative
    let extents: Extents
    switch value {
    case .integer(let both): extents = Extents(both)
    case .integers(let both) where both.count == 2: extents = Extents(both[0], both[1])
    default: throw failure(key, "`\(key)` must be \(expected)")
    }
    for extent in [extents.height, extents.width] where !range.contains(extent) {
      throw failure(key, "`\(key)` is \(extent), expected \(expected)")
    }
    return extents
  }
}
