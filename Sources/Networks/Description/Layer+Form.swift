// Layers in a file's shortest words: what `encode` and `yamlText` write.
// Keys at their default are left out, so that what is read back is the same value.

extension Layer {
  var form: DescriptionForm {
    switch self {
    case .conv(let conv): keyed(conv.form)
    case .depthwise(let conv): keyed(conv.form)
    case .batchNorm(let norm):
      norm == BatchNormalization() ? .word(kind) : keyed(norm.form)
    case .activation(.leakyRelu(let slope)): keyed(.number(slope))
    case .activation, .globalPool, .flatten: .word(kind)
    case .pool(let pool): keyed(pool.form)
    case .dropout(let rate): keyed(.number(rate))
    case .dense(let dense): keyed(dense.form)
    case .residual(let residual): keyed(residual.form)
    case .concat(let branches): keyed(.list(branches.map { .list($0.map(\.form)) }))
    case .scale(let layers): keyed(.list(layers.map(\.form)))
    case .repeat(let repetition):
      keyed(
        .map([
          ("times", .integer(repetition.times)),
          ("layers", .list(repetition.layers.map(\.form))),
        ]))
    }
  }

  private func keyed(_ value: DescriptionForm) -> DescriptionForm { .map([(kind, value)]) }
}

private typealias Pairs = [(String, DescriptionForm)]

extension Extents {
  fileprivate var form: DescriptionForm {
    height == width ? .integer(height) : .flow([.integer(height), .integer(width)])
  }

  /// Nothing where it is the default.
  fileprivate func pair(_ key: String, unless usual: Extents) -> Pairs {
    self == usual ? [] : [(key, form)]
  }
}

extension LayerPadding {
  fileprivate var pair: Pairs {
    switch self {
    case 0: []
    case .same: [("padding", .word("same"))]
    case .sides(let extents): [("padding", extents.form)]
    }
  }
}

private func pair(_ key: String, _ value: Int, unless usual: Int) -> Pairs {
  value == usual ? [] : [(key, .integer(value))]
}

private func biasPair(_ bias: Bool) -> Pairs { bias ? [] : [("bias", .flag(false))] }

extension Convolution {
  fileprivate var form: DescriptionForm {
    if self == Convolution(filters) { return .integer(filters) }
    return .map(
      [("filters", .integer(filters)), ("kernel", kernel.form)]
        + stride.pair("stride", unless: 1) + padding.pair + pair("groups", groups, unless: 1)
        + pair("dilation", dilation, unless: 1) + biasPair(bias))
  }
}

extension Depthwise {
  fileprivate var form: DescriptionForm {
    if self == Depthwise(kernel) { return kernel.form }
    return .map(
      [("kernel", kernel.form)] + stride.pair("stride", unless: 1) + padding.pair
        + pair("multiplier", multiplier, unless: 1) + biasPair(bias))
  }
}

extension BatchNormalization {
  fileprivate var form: DescriptionForm {
    .map([("momentum", .number(momentum)), ("epsilon", .number(epsilon))])
  }
}

extension Pooling {
  fileprivate var form: DescriptionForm {
    if self == Pooling(kind, size) { return size.form }
    return .map([("size", size.form)] + stride.pair("stride", unless: size) + padding.pair)
  }
}

extension Dense {
  fileprivate var form: DescriptionForm {
    let size = features.map(DescriptionForm.integer) ?? .word("classes")
    return bias ? size : .map([("features", size), ("bias", .flag(false))])
  }
}

extension Residual {
  fileprivate var form: DescriptionForm {
    let list = DescriptionForm.list(body.map(\.form))
    if shortcut.isEmpty { return list }
    return .map([("body", list), ("shortcut", .list(shortcut.map(\.form)))])
  }
}
