// Layers as a description file writes them: `- relu`, `- maxPool: 2`, `- conv: {filters: 64, …}`.
// Short where one value says it all, keys where there are several.

extension Layer: Codable {
  /// Kinds as files and messages name them.
  static let kinds = [
    "conv", "relu", "sigmoid", "batchNorm", "maxPool", "globalAveragePool", "dropout", "dense",
  ]

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
    switch word {
    case "relu": self = .relu
    case "sigmoid": self = .sigmoid
    case "batchNorm": self = .batchNorm
    case "globalAveragePool": self = .globalAveragePool
    case "conv", "maxPool", "dropout", "dense":
      throw descriptionError(path, "`\(word)` needs a value: `- \(Layer.example(word))`")
    default:
      throw descriptionError(path, "unknown layer `\(word)`, expected one of \(Layer.kindList)")
    }
  }

  private init(kind: String, _ keys: DescriptionKeys) throws {
    switch kind {
    case "conv": self = try keys.value(kind, ConvKeys.self).layer
    case "maxPool": self = .maxPool(size: try keys.number(kind, LayerLimits.kernel))
    case "dropout": self = .dropout(rate: try keys.number(kind, LayerLimits.dropoutRate))
    case "dense": self = try keys.value(kind, DenseKeys.self).layer
    default: throw keys.failure(kind, "`\(kind)` takes no value: `- \(kind)`")
    }
  }

  private static var kindList: String { kinds.joined(separator: ", ") }

  private static func example(_ kind: String) -> String {
    switch kind {
    case "conv": "conv: {filters: 16, kernel: 3, padding: 1}"
    case "maxPool": "maxPool: 2"
    case "dropout": "dropout: 0.1"
    default: "dense: classes"
    }
  }

  public func encode(to encoder: any Encoder) throws { try form.encode(to: encoder) }

  /// The layer in a file's shortest words; keys at their default are left out.
  var form: DescriptionForm {
    switch self {
    case .conv(let filters, let kernel, let stride, let padding, let bias):
      var pairs = [("filters", DescriptionForm.integer(filters)), ("kernel", .integer(kernel))]
      if stride != 1 { pairs.append(("stride", .integer(stride))) }
      if padding != 0 { pairs.append(("padding", .integer(padding))) }
      if !bias { pairs.append(("bias", .flag(false))) }
      return .map([("conv", .map(pairs))])
    case .relu: return .word("relu")
    case .sigmoid: return .word("sigmoid")
    case .batchNorm: return .word("batchNorm")
    case .maxPool(let size): return .map([("maxPool", .integer(size))])
    case .globalAveragePool: return .word("globalAveragePool")
    case .dropout(let rate): return .map([("dropout", .number(rate))])
    case .dense(let features, let bias):
      let size = features.map(DescriptionForm.integer) ?? .word("classes")
      let value = bias ? size : .map([("features", size), ("bias", .flag(false))])
      return .map([("dense", value)])
    }
  }
}

/// Smallest and largest value of each number of a layer.
enum LayerLimits {
  static let filters = 1...65_536
  static let kernel = 1...1_024
  static let padding = 0...1_024
  static let dropoutRate = 0.0...0.99
}

private struct ConvKeys: Decodable {
  var layer: Layer

  init(from decoder: any Decoder) throws {
    let keys = try DescriptionKeys(
      decoder, of: "conv", known: ["filters", "kernel", "stride", "padding", "bias"])
    let kernel = try keys.number("kernel", LayerLimits.kernel)
    let padding = try keys.number("padding", default: 0, LayerLimits.padding)
    guard padding < kernel else {
      throw keys.failure("padding", "`padding` is \(padding), must be below kernel \(kernel)")
    }
    layer = .conv(
      filters: try keys.number("filters", LayerLimits.filters), kernel: kernel,
      stride: try keys.number("stride", default: 1, LayerLimits.kernel), padding: padding,
      bias: try keys.flag("bias", default: true))
  }
}

private struct DenseKeys: Decodable {
  var layer: Layer

  init(from decoder: any Decoder) throws {
    if let size = try? DenseFeatures(from: decoder) {
      layer = .dense(features: size.features, bias: true)
      return
    }
    let keys = try DescriptionKeys(decoder, of: "dense", known: ["features", "bias"])
    let size = try keys.value("features", DenseFeatures.self)
    layer = .dense(features: size.features, bias: try keys.flag("bias", default: true))
  }
}

/// A number of features, or `classes` for the dataset's.
private struct DenseFeatures: Decodable {
  var features: Int?

  init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if let word = try? container.decode(String.self), word == "classes" { return }
    let limits = LayerLimits.filters
    guard let count = try? container.decode(Int.self), limits.contains(count) else {
      throw descriptionError(
        decoder.codingPath,
        "`dense` needs `classes` or \(limits.lowerBound) to \(limits.upperBound) features")
    }
    features = count
  }
}
