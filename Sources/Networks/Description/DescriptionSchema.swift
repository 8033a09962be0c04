// The grammar of descriptions as a JSON Schema, for editors that complete and check YAML.
// Printed from the tables that the reader uses; sizes that do not fit are beyond a schema.

extension ModelDescription {
  /// A JSON Schema (draft 2020-12) of description files, with a line feed at its end.
  package static var jsonSchema: String {
    let properties: [(String, DescriptionForm)] = [
      (
        "name",
        .map([
          ("type", .word("string")), ("pattern", .word("^[A-Za-z0-9_-][A-Za-z0-9_.-]{0,63}$")),
        ])
      ),
      ("layers", GrammarValue.layers(LayerLimits.list).schema), ("recipe", recipeSchema),
    ]
    let schema = DescriptionForm.map([
      ("$schema", .word("https://json-schema.org/draft/2020-12/schema")),
      ("title", .word("ptrain model description")),
      ("type", .word("object")), ("required", .flow([.word("name"), .word("layers")])),
      ("additionalProperties", .flag(false)), ("properties", .map(properties)),
      ("$defs", .map([("layer", layerSchema)])),
    ])
    return schema.jsonText(indent: "") + "\n"
  }

  private static var layerSchema: DescriptionForm {
    let words = LayerGrammar.all.filter(\.isWord).map { DescriptionForm.word($0.kind) }
    let keyed = LayerGrammar.all.compactMap { grammar -> DescriptionForm? in
      let forms =
        (grammar.short.map { [$0.schema] } ?? [])
        + (grammar.keys.isEmpty ? [] : [keyedSchema(grammar.keys)])
      guard let first = forms.first else { return nil }
      let value = forms.count == 1 ? first : .map([("anyOf", .list(forms))])
      return .map([
        ("type", .word("object")), ("required", .flow([.word(grammar.kind)])),
        ("additionalProperties", .flag(false)), ("properties", .map([(grammar.kind, value)])),
      ])
    }
    return .map([("oneOf", .list([.map([("enum", .flow(words))])] + keyed))])
  }

  private static var recipeSchema: DescriptionForm {
    guard case .map(let pairs) = keyedSchema(Recipe.grammar) else { preconditionFailure() }
    let conditions = Recipe.dependentKeys.map { condition -> DescriptionForm in
      let test = [(condition.key, DescriptionForm.map([("const", .word(condition.value))]))]
      return .map([
        ("if", .map([("properties", .map(test)), ("required", .flow([.word(condition.key)]))])),
        ("else", .map([("properties", .map(condition.keys.map { ($0, .flag(false)) }))])),
      ])
    }
    return .map(pairs + [("allOf", .list(conditions))])
  }
}

private func keyedSchema(_ keys: [GrammarKey]) -> DescriptionForm {
  let required = keys.filter(\.isRequired).map { DescriptionForm.word($0.name) }
  return .map(
    [("type", .word("object"))] + (required.isEmpty ? [] : [("required", .flow(required))])
      + [
        ("additionalProperties", .flag(false)),
        ("properties", .map(keys.map { ($0.name, $0.value.schema) })),
      ])
}

extension GrammarKey {
  fileprivate var required: GrammarKey { GrammarKey(name: name, value: value, isRequired: true) }
}

extension GrammarValue {
  fileprivate var schema: DescriptionForm {
    switch self {
    case .integer(let range):
      .map([
        ("type", .word("integer")), ("minimum", .integer(range.lowerBound)),
        ("maximum", .integer(range.upperBound)),
      ])
    case .number(let range):
      .map([
        ("type", .word("number")), ("minimum", .number(range.lowerBound)),
        ("maximum", .number(range.upperBound)),
      ])
    case .flag: .map([("type", .word("boolean"))])
    case .words(let words): .map([("enum", .flow(words.map { .word($0) }))])
    case .extents(let range): Self.anyOf([.integer(range), .pair(range)])
    case .padding(let range): Self.anyOf([.integer(range), .pair(range), .words(["same"])])
    case .features(let range): Self.anyOf([.integer(range), .words(["classes"])])
    case .wordsOrNames(let words, let range):
      .map([
        (
          "anyOf",
          .list([
            GrammarValue.words(words).schema,
            .map([
              ("type", .word("object")),
              ("additionalProperties", GrammarValue.number(range).schema),
            ]),
          ])
        )
      ])
    case .keys(let keys): keyedSchema(keys)
    case .oneKey(let keys):
      .map([("oneOf", .list(keys.map { keyedSchema([$0.required]) }))])
    case .list(let item, let range): Self.array(item.schema, range)
    case .anyOf(let values): Self.anyOf(values)
    case .pair(let range): Self.array(GrammarValue.integer(range).schema, 2...2)
    case .layers(let range): Self.array(.map([("$ref", .word("#/$defs/layer"))]), range)
    case .branches:
      Self.array(
        GrammarValue.layers(0...LayerLimits.list.upperBound).schema, LayerLimits.branches)
    }
  }

  private static func anyOf(_ values: [GrammarValue]) -> DescriptionForm {
    .map([("anyOf", .list(values.map(\.schema)))])
  }

  private static func array(_ items: DescriptionForm, _ count: ClosedRange<Int>) -> DescriptionForm
  {
    .map([
      ("type", .word("array")), ("items", items), ("minItems", .integer(count.lowerBound)),
      ("maxItems", .integer(count.upperBound)),
    ])
  }
}

extension DescriptionForm {
  /// JSON, one key a line and one item a line; `flow` on one line.
  fileprivate func jsonText(indent: String) -> String {
    let inner = indent + "  "
    switch self {
    case .word(let text), .name(let text): return "\"\(text)\""
    case .integer, .number, .flag: return flowText
    case .flow(let items):
      return "[" + items.map { $0.jsonText(indent: "") }.joined(separator: ", ") + "]"
    case .list(let items):
      let lines = items.map { inner + $0.jsonText(indent: inner) }
      return "[\n" + lines.joined(separator: ",\n") + "\n\(indent)]"
    case .map(let pairs), .named(let pairs):
      let lines = pairs.map { "\(inner)\"\($0)\": \($1.jsonText(indent: inner))" }
      return "{\n" + lines.joined(separator: ",\n") + "\n\(indent)}"
    }
  }
}
