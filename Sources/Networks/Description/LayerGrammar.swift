// Every kind of layer and every key of a recipe, with what may stand for it: one table.
// The reader takes known keys from it, the JSON Schema is printed from it.

/// What may stand for a value.
enum GrammarValue: Sendable {
  case integer(ClosedRange<Int>)
  /// `[height, width]`
  case pair(ClosedRange<Int>)
  /// A number for both, or a pair.
  case extents(ClosedRange<Int>)
  /// The same, or `same`.
  case padding(ClosedRange<Int>)
  case number(ClosedRange<Double>)
  case flag
  /// A number, or `classes`.
  case features(ClosedRange<Int>)
  case layers(ClosedRange<Int>)
  case branches
  case words([String])
  /// One of the words, or keys and values.
  case wordsOrKeys([String], [GrammarKey])
  /// One of the words, or a number for each of the user's names.
  case wordsOrNames([String], ClosedRange<Double>)
}

struct GrammarKey: Sendable {
  var name: String
  var value: GrammarValue
  var isRequired = false
}

/// A kind of layer as a file writes it.
struct LayerGrammar: Sendable {
  var kind: String
  /// Whether the kind alone is a layer.
  var isWord = false
  /// What may stand instead of keys and values.
  var short: GrammarValue?
  var keys: [GrammarKey] = []
  /// For the message to somebody who left the value out.
  var example = ""

  var keyNames: [String] { keys.map(\.name) }

  static let all: [LayerGrammar] =
    [conv, depthwise, batchNorm]
    + Activation.plain.map { LayerGrammar(kind: $0.word, isWord: true) }
    + [leakyRelu, pool("maxPool"), pool("averagePool")]
    + ["globalAveragePool", "globalMaxPool", "flatten"].map { .init(kind: $0, isWord: true) }
    + [dropout, dense, residual, concat, scale, repetition]

  static let conv = LayerGrammar(
    kind: "conv", short: .integer(LayerLimits.filters),
    keys: [
      GrammarKey(name: "filters", value: .integer(LayerLimits.filters), isRequired: true),
      GrammarKey(name: "kernel", value: .extents(LayerLimits.kernel)),
      GrammarKey(name: "stride", value: .extents(LayerLimits.kernel)),
      GrammarKey(name: "padding", value: .padding(LayerLimits.padding)),
      GrammarKey(name: "groups", value: .integer(LayerLimits.filters)),
      GrammarKey(name: "dilation", value: .integer(LayerLimits.kernel)),
      GrammarKey(name: "bias", value: .flag),
    ], example: "conv: {filters: 16, kernel: 3, padding: 1}")

  static let depthwise = LayerGrammar(
    kind: "depthwise", short: .extents(LayerLimits.kernel),
    keys: [
      GrammarKey(name: "kernel", value: .extents(LayerLimits.kernel)),
      GrammarKey(name: "stride", value: .extents(LayerLimits.kernel)),
      GrammarKey(name: "padding", value: .padding(LayerLimits.padding)),
      GrammarKey(name: "multiplier", value: .integer(LayerLimits.multiplier)),
      GrammarKey(name: "bias", value: .flag),
    ], example: "depthwise: {kernel: 3, padding: 1}")

  static let batchNorm = LayerGrammar(
    kind: "batchNorm", isWord: true,
    keys: [
      GrammarKey(name: "momentum", value: .number(LayerLimits.momentum)),
      GrammarKey(name: "epsilon", value: .number(LayerLimits.epsilon)),
    ])

  static let leakyRelu = LayerGrammar(
    kind: "leakyRelu", short: .number(LayerLimits.slope), example: "leakyRelu: 0.01")

  static func pool(_ kind: String) -> LayerGrammar {
    LayerGrammar(
      kind: kind, short: .extents(LayerLimits.kernel),
      keys: [
        GrammarKey(name: "size", value: .extents(LayerLimits.kernel), isRequired: true),
        GrammarKey(name: "stride", value: .extents(LayerLimits.kernel)),
        GrammarKey(name: "padding", value: .padding(LayerLimits.padding)),
      ], example: "\(kind): 2")
  }

  static let dropout = LayerGrammar(
    kind: "dropout", short: .number(LayerLimits.dropoutRate), example: "dropout: 0.1")

  static let dense = LayerGrammar(
    kind: "dense", short: .features(LayerLimits.filters),
    keys: [
      GrammarKey(name: "features", value: .features(LayerLimits.filters), isRequired: true),
      GrammarKey(name: "bias", value: .flag),
    ], example: "dense: classes")

  static let residual = LayerGrammar(
    kind: "residual", short: .layers(LayerLimits.list),
    keys: [
      GrammarKey(name: "body", value: .layers(LayerLimits.list), isRequired: true),
      GrammarKey(name: "shortcut", value: .layers(0...LayerLimits.list.upperBound)),
    ], example: "residual: [{conv: {filters: 16, padding: 1}}, relu]")

  static let concat = LayerGrammar(
    kind: "concat", short: .branches, example: "concat: [[{conv: 8}], [{maxPool: 3}]]")

  static let scale = LayerGrammar(
    kind: "scale", short: .layers(LayerLimits.list),
    example: "scale: [globalAveragePool, {conv: {filters: 16, kernel: 1}}, sigmoid]")

  static let repetition = LayerGrammar(
    kind: "repeat",
    keys: [
      GrammarKey(name: "times", value: .integer(LayerLimits.times), isRequired: true),
      GrammarKey(name: "layers", value: .layers(LayerLimits.list), isRequired: true),
    ], example: "repeat: {times: 2, layers: [{conv: {filters: 16, padding: 1}}, relu]}")
}
