// What a preset or a YAML file says: the layers and how to train them.
// Both interpreters, the checkpoint and the summary start from this one value.

/// A network and its training recipe.
public struct ModelDescription: Equatable, Sendable {
  /// Letters, digits, `-`, `_` and `.`; part of file names.
  public var name: String
  public var layers: [Layer]
  public var recipe: Recipe

  public init(name: String, layers: [Layer], recipe: Recipe = Recipe()) {
    self.name = name
    self.layers = layers
    self.recipe = recipe
  }
}

extension ModelDescription: Codable {
  /// Most layers of a description.
  static let layerLimit = 256

  public init(from decoder: any Decoder) throws {
    let keys = try DescriptionKeys(decoder, of: "a model", known: ["name", "layers", "recipe"])
    name = try keys.text("name")
    guard ModelDescription.isValidName(name) else {
      throw keys.failure("name", "`name` may hold 1 to 64 letters, digits, `-`, `_` and `.`")
    }
    layers = try keys.list("layers", of: Layer.self)
    guard (1...ModelDescription.layerLimit).contains(layers.count) else {
      throw keys.failure("layers", "`layers` must list 1 to \(ModelDescription.layerLimit) layers")
    }
    recipe = try keys.optional("recipe", Recipe.self) ?? Recipe()
  }

  public func encode(to encoder: any Encoder) throws { try form.encode(to: encoder) }

  /// The description as a YAML file that reads back as an equal value.
  public var yamlText: String { form.blockText(indent: "") }

  var form: DescriptionForm {
    .map([
      ("name", .word(name)), ("layers", .list(layers.map(\.form))), ("recipe", recipe.form),
    ])
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
