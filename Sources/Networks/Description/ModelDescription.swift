// What a preset or a YAML file says: the layers and how to train them.
// Both interpreters, the checkpoint and the summary start from this one value.

import PTrainDiagnostics

/// A network and its training recipe.
public struct ModelDescription: Equatable, Sendable {
  /// Letters, digits, `-`, `_` and `.`; part of file names.
  public var name: String
  public var layers: [Layer]
  public var recipe: Recipe
  /// For messages; nil for a description made in code.
  var origin = DescriptionOrigin()

  public init(name: String, layers: [Layer], recipe: Recipe = Recipe()) {
    self.name = name
    self.layers = layers
    self.recipe = recipe
  }
}

extension ModelDescription: Codable {
  public init(from decoder: any Decoder) throws {
    let keys = try DescriptionKeys(decoder, of: "a model", known: ["name", "layers", "recipe"])
    name = try keys.text("name")
    guard ModelDescription.isValidName(name) else {
      throw keys.failure("name", "`name` may hold 1 to 64 letters, digits, `-`, `_` and `.`")
    }
    layers = try keys.list("layers", of: Layer.self)
    guard LayerLimits.list.contains(layers.count) else {
      throw keys.failure(
        "layers", "`layers` must list 1 to \(LayerLimits.list.upperBound) layers")
    }
    guard layers.nodeCount <= LayerLimits.nodes else {
      throw keys.failure(
        "layers",
        "the lists make \(layers.nodeCount) layers, expected at most \(LayerLimits.nodes)")
    }
    recipe = try keys.optional("recipe", Recipe.self) ?? Recipe()
  }

  public func encode(to encoder: any Encoder) throws { try form.encode(to: encoder) }

  /// The description as a YAML file that reads back as an equal value.
  public var yamlText: String { form.blockText(indent: "", isOpen: true) }

  var form: DescriptionForm {
    .map([
      ("name", .name(name)), ("layers", .list(layers.map(\.form))), ("recipe", recipe.form),
    ])
  }

  /// A failure of the whole, which names the file that it came from.
  package func failure(_ text: String) -> Failure {
    Failure(.badData, (origin.source.map { "\($0): " } ?? "") + text)
  }

  static func isValidName(_ name: String) -> Bool {
    let extra = Set("-_.".utf8)
    return (1...64).contains(name.utf8.count) && name.utf8.first != UInt8(ascii: ".")
      && name.utf8.allSatisfy { byte in
        extra.contains(byte) || (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte)
          || (0x61...0x7A).contains(byte)
      }
  }
}
