// The header of numpy's .npy format, versions 1 to 3: a Python dictionary that tells what follows.
// (NEP 1.) Parsed as the few literals that numpy writes; nothing of Python is run.

import PTrainDiagnostics

/// Type, order and shape of an array.
struct NPYHeader: Equatable {
  /// What an element is.
  enum Kind: Equatable {
    case boolean, unsigned, signed, float
  }

  var kind: Kind
  /// Bytes of an element.
  var size: Int
  var isBigEndian: Bool
  /// Whether the first axis lies closest in memory instead of the last.
  var isFortran: Bool
  var shape: [Int]

  /// Longest header that is read, in bytes; numpy's are below 200.
  private static let byteLimit = 1 << 16
  /// Most axes that numpy has.
  private static let axisLimit = 32

  /// Reads the header; `name` names the array in errors.
  init(from reader: inout some ByteReader, name: String) throws(Failure) {
    let start = try reader.read(8)
    guard start.starts(with: [0x93] + Array("NUMPY".utf8)), start.count == 8 else {
      throw Failure(.badData, "\(name): no array of numpy's .npy format")
    }
    guard (1...3).contains(start[6]) else {
      throw Failure(
        .badData, "\(name): .npy version \(start[6]).\(start[7]); expected 1 to 3")
    }
    let lengthSize = start[6] == 1 ? 2 : 4
    let length = try reader.read(lengthSize).reversed().reduce(0) { $0 << 8 | Int($1) }
    guard length <= Self.byteLimit else {
      throw Failure(
        .badData, "\(name): a header of \(length) bytes; at most \(Self.byteLimit) are read")
    }
    let text = try reader.read(length)
    guard text.count == length, let values = NPYDictionary(text) else {
      throw Failure(.badData, "\(name): its header is damaged; save it again with numpy")
    }
    try self.init(values, name)
  }

  private init(_ values: NPYDictionary, _ name: String) throws(Failure) {
    guard let isFortran = values.flag, let shape = values.shape, shape.count <= Self.axisLimit,
      let type = values.type
    else {
      throw Failure(.badData, "\(name): its header is damaged; save it again with numpy")
    }
    let expected = "expected integers, floats or booleans"
    guard case .word(let word) = type else {
      throw Failure(.badData, "\(name): an array of records; \(expected)")
    }
    (self.isFortran, self.shape) = (isFortran, shape)
    var letters = Substring(word)
    isBigEndian = letters.first == ">"
    if let first = letters.first, "<>|=".contains(first) { letters.removeFirst() }
    let kinds: [Character: (Kind, [Int])] = [
      "b": (.boolean, [1]), "u": (.unsigned, [1, 2, 4, 8]), "i": (.signed, [1, 2, 4, 8]),
      "f": (.float, [2, 4, 8]),
    ]
    guard letters.first != "O" else {
      throw Failure(
        .badData,
        "\(name): an array of Python objects, which could run any program; save numbers with "
          + "numpy.savez(…, x_train=x.astype('uint8'))")
    }
    guard let letter = letters.first, let (kind, sizes) = kinds[letter],
      let size = Int(letters.dropFirst()), sizes.contains(size)
    else { throw Failure(.badData, "\(name): elements of type \(quoted(word)); \(expected)") }
    (self.kind, self.size) = (kind, size)
  }

  /// `60000 x 28 x 28`.
  var shapeText: String { shape.map(String.init).joined(separator: " x ") }
}

/// The three entries of a header's dictionary.
private struct NPYDictionary {
  enum TypeValue {
    case word(String)
    /// A list of fields.
    case records
  }

  var type: TypeValue?
  var flag: Bool?
  var shape: [Int]?

  /// Nil for anything else than a dictionary of such literals.
  init?(_ bytes: [UInt8]) {
    var scanner = LiteralScanner(bytes)
    guard scanner.take("{") else { return nil }
    while !scanner.take("}") {
      guard let key = scanner.string(), scanner.take(":") else { return nil }
      switch key {
      case "descr":
        if let word = scanner.string() {
          type = .word(word)
        } else {
          // What follows a list is of no use.
          guard scanner.take("[") else { return nil }
          (type, flag, shape) = (.records, false, [])
          return
        }
      case "fortran_order":
        guard let word = scanner.word(), ["True", "False"].contains(word) else { return nil }
        flag = word == "True"
      case "shape":
        guard let numbers = scanner.tuple() else { return nil }
        shape = numbers
      default: return nil
      }
      guard scanner.take(",") || scanner.isAt("}") else { return nil }
    }
  }
}

/// Python literals in ASCII, one after the other; each method passes over blanks first.
private struct LiteralScanner {
  private let bytes: [UInt8]
  private var place = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  private mutating func skipBlanks() {
    while place < bytes.count, [0x20, 0x09, 0x0a, 0x0d].contains(bytes[place]) { place += 1 }
  }

  mutating func isAt(_ character: Character) -> Bool {
    skipBlanks()
    return place < bytes.count && bytes[place] == character.asciiValue
  }

  mutating func take(_ character: Character) -> Bool {
    guard isAt(character) else { return false }
    place += 1
    return true
  }

  /// `'…'` or `"…"`, without escapes, which numpy's types and keys have not.
  mutating func string() -> String? {
    guard let quote: UInt8 = isAt("'") ? 0x27 : isAt("\"") ? 0x22 : nil,
      let end = bytes[(place + 1)...].firstIndex(of: quote)
    else { return nil }
    let text = bytes[place + 1..<end]
    place = end + 1
    return text.contains(0x5c) ? nil : String(decoding: text, as: UTF8.self)
  }

  /// Letters.
  mutating func word() -> String? {
    skipBlanks()
    let start = place
    while place < bytes.count, bytes[place] | 0x20 >= 0x61, bytes[place] | 0x20 <= 0x7a {
      place += 1
    }
    return place > start ? String(decoding: bytes[start..<place], as: UTF8.self) : nil
  }

  /// `(3,)` or `(3, 4)`; Python 2 wrote `3L`.
  mutating func tuple() -> [Int]? {
    guard take("(") else { return nil }
    var numbers: [Int] = []
    while !take(")") {
      guard let number = number() else { return nil }
      numbers.append(number)
      guard take(",") || isAt(")") else { return nil }
    }
    return numbers
  }

  private mutating func number() -> Int? {
    skipBlanks()
    let start = place
    while place < bytes.count, (0x30...0x39).contains(bytes[place]) { place += 1 }
    let number = Int(String(decoding: bytes[start..<place], as: UTF8.self))
    _ = take("L")
    return number
  }
}
