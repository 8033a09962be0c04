// Layers that hold lists of layers: `residual`, `concat`, `scale`, `repeat`.
// How deep lists nest and how many nodes they make is bounded before anything is built.

extension Layer {
  static let listKinds = ["residual", "concat", "scale", "repeat"]

  init(list kind: String, _ keys: DescriptionKeys) throws {
    let depth = keys.path.count { Layer.listKinds.contains($0.stringValue) } + 1
    guard depth <= LayerLimits.depth else {
      throw keys.failure(kind, "layers are nested more than \(LayerLimits.depth) deep")
    }
    switch kind {
    case "residual":
      self = .residual(
        keys.isList(kind)
          ? Residual(try keys.layers(kind)) : try keys.value(kind, ResidualKeys.self).residual)
    case "concat": self = .concat(try keys.branches(kind))
    case "scale": self = .scale(try keys.layers(kind))
    default: self = .repeat(try keys.value(kind, RepeatKeys.self).repetition)
    }
  }

  /// Nodes that the layer makes; for layers within `LayerLimits`.
  var nodeCount: Int {
    switch self {
    case .residual(let residual): residual.body.nodeCount + residual.shortcut.nodeCount + 1
    case .concat(let branches): branches.reduce(1) { $0 + $1.nodeCount }
    case .scale(let layers): layers.nodeCount + 1
    case .repeat(let repetition): repetition.times * repetition.layers.nodeCount
    default: 1
    }
  }
}

extension [Layer] {
  var nodeCount: Int { reduce(0) { $0 + $1.nodeCount } }
}

private struct ResidualKeys: Decodable {
  var residual: Residual

  init(from decoder: any Decoder) throws {
    let known = LayerGrammar.residual.keyNames
    let keys = try DescriptionKeys(decoder, of: "residual", known: known)
    let shortcut = try keys.isThere("shortcut") ? keys.layers("shortcut", atLeast: 0) : []
    residual = Residual(try keys.layers("body"), shortcut: shortcut)
  }
}

private struct RepeatKeys: Decodable {
  var repetition: Repetition

  init(from decoder: any Decoder) throws {
    let known = LayerGrammar.repetition.keyNames
    let keys = try DescriptionKeys(decoder, of: "repeat", known: known)
    repetition = Repetition(
      try keys.number("times", LayerLimits.times), try keys.layers("layers"))
    let count = Layer.repeat(repetition).nodeCount
    guard count <= LayerLimits.nodes else {
      throw keys.failure(
        "times", "`repeat` makes \(count) layers, expected at most \(LayerLimits.nodes)")
    }
  }
}

/// A branch of `concat`; what is no list is refused with its line.
private struct Branch: Decodable {
  var layers: [Layer]

  init(from decoder: any Decoder) throws {
    guard (try? decoder.unkeyedContainer()) != nil else {
      throw descriptionError(
        decoder.codingPath, "each branch of `concat` must be a list of layers")
    }
    layers = try [Layer](from: decoder)
    guard layers.count <= LayerLimits.list.upperBound else {
      throw descriptionError(
        decoder.codingPath, "a branch has at most \(LayerLimits.list.upperBound) layers")
    }
  }
}

extension DescriptionKeys {
  fileprivate func layers(_ key: String, atLeast least: Int = 1) throws -> [Layer] {
    let layers = try list(key, of: Layer.self)
    let limit = LayerLimits.list.upperBound
    guard (least...limit).contains(layers.count) else {
      throw failure(key, "`\(key)` must list \(least) to \(limit) layers")
    }
    return layers
  }

  fileprivate func branches(_ key: String) throws -> [[Layer]] {
    let branches = try list(key, of: Branch.self).map(\.layers)
    let limits = LayerLimits.branches
    guard limits.contains(branches.count) else {
      throw failure(
        key, "`\(key)` must list \(limits.lowerBound) to \(limits.upperBound) lists of layers")
    }
    return branches
  }
}
