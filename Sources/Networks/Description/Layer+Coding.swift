// Layers as a description file writes them: `- relu`, `- maxPool: 2`, `- conv: {filters: 64, …}`.
// Short where one value says it all, keys where there are several.

extension Layer: Codable {
  /// Kinds as files and messages name them.
  static let kinds = LayerGrammar.all.map(\.kind)

  public init(from decoder: any Decoder) throws {
    if let word = try? decoder.singleValueContainer().decode(String.self) {
      self = try Layer(word: word, decoder.codingPath)
      return
    }
    let keys = try DescriptionKeys(decoder, of: "a layer", known: Layer.kinds)
    guard let kind = keys.onlyKey else {
      throw descriptionError(decoder.codingPath, "a layer must be one of \(Layer.kindList)")
    }
    self = try Layer(kind: kind, keys)
  }

  private init(word: String, _ path: [any CodingKey]) throws {
    if let function = Activation.plain.first(where: { $0.word == word }) {
      self = .activation(function)
      return
    }
    switch word {
    case "batchNorm": self = .batchNorm
    case "globalAveragePool": self = .globalAveragePool
    case "globalMaxPool": self = .globalMaxPool
    case "flatten": self = .flatten
    default:
      guard let grammar = LayerGrammar.all.first(where: { $0.kind == word }) else {
        throw descriptionError(
          path, "unknown layer `\(word.prefix(40))`, expected one of \(Layer.kindList)")
      }
      throw descriptionError(path, "`\(word)` needs a value: `- \(grammar.example)`")
    }
  }

  private init(kind: String, _ keys: DescriptionKeys) throws {
    switch kind {
    case "conv", "depthwise", "maxPool", "averagePool", "dense":
      self = try Layer(short: kind, keys)
    case "batchNorm": self = try keys.keyed(kind, BatchNormKeys.self).layer
    case "leakyRelu": self = .leakyRelu(try keys.number(kind, LayerLimits.slope))
    case "dropout": self = .dropout(rate: try keys.number(kind, LayerLimits.dropoutRate))
    case "residual", "concat", "scale", "repeat": self = try Layer(list: kind, keys)
    default: throw keys.failure(kind, "`\(kind)` takes no value: `- \(kind)`")
    }
  }

  /// Kinds whose value is keys and values, or one value that says it all.
  private init(short kind: String, _ keys: DescriptionKeys) throws {
    let grammar = LayerGrammar.all.first { $0.kind == kind }!
    let alternative = ", or keys and values (\(grammar.keyNames.joined(separator: ", ")))"
    let isKeyed = try keys.value(kind, DescriptionValue.self) == .mapping
    switch (kind, isKeyed) {
    case ("conv", true): self = try keys.value(kind, ConvKeys.self).layer
    case ("depthwise", true): self = try keys.value(kind, DepthwiseKeys.self).layer
    case ("maxPool", true): self = try keys.value(kind, MaxPoolKeys.self).layer
    case ("averagePool", true): self = try keys.value(kind, AveragePoolKeys.self).layer
    case (_, true): self = try keys.value(kind, DenseKeys.self).layer
    case ("conv", false):
      self = .conv(Convolution(try keys.number(kind, LayerLimits.filters, or: alternative)))
    case ("dense", false):
      self = .dense(Dense(try keys.features(kind, LayerLimits.filters, or: alternative)))
    default:
      let extents = try keys.extents(kind, LayerLimits.kernel, or: alternative)!
      self =
        kind == "depthwise"
        ? .depthwise(Depthwise(extents))
        : .pool(Pooling(kind == "maxPool" ? .maximum : .average, extents))
    }
  }

  private static var kindList: String { kinds.joined(separator: ", ") }

  public func encode(to encoder: any Encoder) throws { try form.encode(to: encoder) }
}

private struct ConvKeys: Decodable {
  var layer: Layer

  init(from decoder: any Decoder) throws {
    let keys = try DescriptionKeys(decoder, of: "conv", known: LayerGrammar.conv.keyNames)
    let conv = Convolution(
      try keys.number("filters", LayerLimits.filters),
      kernel: try keys.extents("kernel", LayerLimits.kernel) ?? 3,
      stride: try keys.extents("stride", LayerLimits.kernel) ?? 1,
      padding: try keys.padding("padding", LayerLimits.padding),
      groups: try keys.number("groups", default: 1, LayerLimits.filters),
      dilation: try keys.number("dilation", default: 1, LayerLimits.kernel),
      bias: try keys.flag("bias", default: true))
    try keys.checkPadding(conv.padding, conv.kernel, dilation: conv.dilation, of: "kernel")
    layer = .conv(conv)
  }
}

private struct DepthwiseKeys: Decodable {
  var layer: Layer

  init(from decoder: any Decoder) throws {
    let known = LayerGrammar.depthwise.keyNames
    let keys = try DescriptionKeys(decoder, of: "depthwise", known: known)
    let conv = Depthwise(
      try keys.extents("kernel", LayerLimits.kernel) ?? 3,
      stride: try keys.extents("stride", LayerLimits.kernel) ?? 1,
      padding: try keys.padding("padding", LayerLimits.padding),
      multiplier: try keys.number("multiplier", default: 1, LayerLimits.multiplier),
      bias: try keys.flag("bias", default: true))
    try keys.checkPadding(conv.padding, conv.kernel, of: "kernel")
    layer = .depthwise(conv)
  }
}

private struct BatchNormKeys: Decodable {
  var layer: Layer

  init(from decoder: any Decoder) throws {
    let known = LayerGrammar.batchNorm.keyNames
    let keys = try DescriptionKeys(decoder, of: "batchNorm", known: known)
    let usual = BatchNormalization()
    layer = .batchNorm(
      BatchNormalization(
        momentum: try keys.number("momentum", default: usual.momentum, LayerLimits.momentum),
        epsilon: try keys.number("epsilon", default: usual.epsilon, LayerLimits.epsilon)))
  }
}

private struct MaxPoolKeys: Decodable {
  var layer: Layer
  init(from decoder: any Decoder) throws { layer = try pool(.maximum, "maxPool", decoder) }
}

private struct AveragePoolKeys: Decodable {
  var layer: Layer
  init(from decoder: any Decoder) throws { layer = try pool(.average, "averagePool", decoder) }
}

private func pool(_ kind: PoolKind, _ name: String, _ decoder: any Decoder) throws -> Layer {
  let keys = try DescriptionKeys(decoder, of: name, known: LayerGrammar.pool(name).keyNames)
  guard let size = try keys.extents("size", LayerLimits.kernel) else { throw keys.missing("size") }
  let pool = Pooling(
    kind, size, stride: try keys.extents("stride", LayerLimits.kernel),
    padding: try keys.padding("padding", LayerLimits.padding))
  try keys.checkPadding(pool.padding, pool.size, of: "size")
  return .pool(pool)
}

private struct DenseKeys: Decodable {
  var layer: Layer

  init(from decoder: any Decoder) throws {
    let keys = try DescriptionKeys(decoder, of: "dense", known: LayerGrammar.dense.keyNames)
    let features = try keys.features("features", LayerLimits.filters)
    layer = .dense(Dense(features, bias: try keys.flag("bias", default: true)))
  }
}

extension DescriptionKeys {
  /// A value that must be keys and values.
  fileprivate func keyed<Value: Decodable>(_ key: String, _ type: Value.Type) throws -> Value {
    try value(key, type)
  }

  /// Each window must meet the image.
  fileprivate func checkPadding(
    _ padding: LayerPadding, _ kernel: Extents, dilation: Int = 1, of name: String
  ) throws {
    guard case .sides(let sides) = padding else { return }
    for (side, extent) in [(sides.height, kernel.height), (sides.width, kernel.width)] {
      let reach = (extent - 1) * dilation + 1
      guard side < reach else {
        throw failure("padding", "`padding` is \(side), must be below \(name) \(reach)")
      }
    }
  }
}
