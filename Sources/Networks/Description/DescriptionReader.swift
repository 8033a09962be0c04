// From untrusted YAML text to a description, errors with file and line.
// Size, nesting and aliases are bounded before the YAML library sees the text.

import PTrainDiagnostics
import Yams

/// Reads descriptions from text.
enum DescriptionReader {
  /// Most bytes of a description's text.
  static let byteLimit = 65_536

  /// `source` names the text in errors.
  static func read(_ text: String, source: String) throws(Failure) -> ModelDescription {
    try decode(node(text, source: source), source: source)
  }

  /// The text as nodes, before they mean anything.
  static func node(_ text: String, source: String) throws(Failure) -> Yams.Node {
    guard text.utf8.count <= byteLimit else {
      throw Failure(.badData, "\(source): a description has at most \(byteLimit) bytes")
    }
    let plain = try withoutComments(text, source: source)
    do {
      // Keys may be names of the data's: 3 and "3" are the same one.
      let parser = try Parser(yaml: plain, resolver: .basic.appending(.merge))
      guard let node = try parser.singleRoot() else {
        throw Failure(.badData, "\(source): the description is empty")
      }
      return node
    } catch let failure as Failure {
      throw failure
    } catch {
      throw syntaxFailure(error, source: source)
    }
  }

  private static func decode(_ root: Yams.Node, source: String) throws(Failure) -> ModelDescription
  {
    do {
      var description = try YAMLDecoder().decode(ModelDescription.self, from: root)
      description.origin = DescriptionOrigin(source: source, root: root)
      // Lists deep inside others are longer in the form that model files carry.
      guard description.yamlText.utf8.count <= byteLimit else {
        throw Failure(
          .badData,
          "\(source): its lists written one below the other need more than "
            + "\(byteLimit) bytes")
      }
      return description
    } catch let failure as Failure {
      throw failure
    } catch let error as DecodingError {
      let context = error.context
      let line = line(of: context.codingPath, in: root).map { ":\($0)" } ?? ""
      throw Failure(.badData, oneLine("\(source)\(line): \(context.debugDescription)"))
    } catch {
      throw Failure(.badData, oneLine("\(source): \(error)"))
    }
  }

  /// The text without comments, lines kept; refuses the YAML features that can grow without bound
  /// (anchors and aliases) or name types (tags). What is checked here is what gets parsed.
  private static func withoutComments(
    _ text: String, source: String
  ) throws(Failure) -> String {
    var lines: [Substring] = []
    var text = text[...]
    if text.unicodeScalars.first == "\u{FEFF}" { text.unicodeScalars.removeFirst() }
    for (index, line) in text.split(
      omittingEmptySubsequences: false, whereSeparator: \.isNewline
    ).enumerated() {
      let kept = withoutComment(line)
      if let mark = kept.first(where: { "&*!".contains($0) }) {
        throw Failure(
          .badData,
          "\(source):\(index + 1): `\(mark)` (anchors, aliases, tags) is not allowed here")
      }
      lines.append(kept)
    }
    return lines.joined(separator: "\n")
  }

  private static func withoutComment(_ line: Substring) -> Substring {
    var previous: Character = " "
    for index in line.indices {
      let character = line[index]
      if character == "\"" || character == "'" { return line }
      if character == "#" && previous.isWhitespace { return line[..<index] }
      previous = character
    }
    return line
  }

  /// The line of the deepest node on `path` that exists.
  private static func line(of path: [any CodingKey], in root: Yams.Node) -> Int? {
    var node = root
    var mark = root.mark
    for key in path {
      if case .sequence(let items) = node, let index = key.intValue, items.indices ~= index {
        node = items[index]
        mark = node.mark
      } else if case .mapping(let pairs) = node,
        let pair = pairs.first(where: { $0.key.string == key.stringValue })
      {
        node = pair.value
        mark = pair.key.mark
      }
    }
    return mark?.line
  }

  private static func syntaxFailure(_ error: any Error, source: String) -> Failure {
    switch error as? YamlError {
    case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
      .composer(_, let problem, let mark, _):
      Failure(.badData, oneLine("\(source):\(mark.line): not YAML: \(problem)"))
    case .duplicatedKeysInMapping(let keys, let context):
      Failure(
        .badData,
        oneLine("\(source):\(context.mark.line): `\(keys[0].prefix(40))` is there twice"))
    case .reader(let problem, _, _, _):
      Failure(.badData, oneLine("\(source): not YAML: \(problem)"))
    default:
      Failure(.badData, oneLine("\(source): not YAML: \(error)"))
    }
  }

  private static func oneLine(_ text: String) -> String {
    text.split(whereSeparator: \.isNewline).joined(separator: " ")
  }
}

extension DecodingError {
  var context: Context {
    switch self {
    case .dataCorrupted(let context), .typeMismatch(_, let context),
      .valueNotFound(_, let context), .keyNotFound(_, let context):
      context
    @unknown default: Context(codingPath: [], debugDescription: "\(self)")
    }
  }
}
