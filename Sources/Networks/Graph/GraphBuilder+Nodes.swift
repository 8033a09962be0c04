// One layer to one node: its operation with every size resolved, its tensors and its name.
// Sizes come from files, so every product is checked before it is used.

import PTrainDiagnostics

extension GraphBuilder {
  /// A layer that holds no others.
  mutating func appendSingle(
    _ layer: Layer, reading value: Int, at place: LayerPlace
  ) throws(Failure) -> Int {
    let site = Site(layer, place, self)
    let shape = shape(of: value)
    switch layer {
    case .conv(let conv): return try append(conv, reading: value, at: site)
    case .depthwise(let conv):
      let (filters, overflow) = shape.channels.multipliedReportingOverflow(by: conv.multiplier)
      guard conv.multiplier >= 1, !overflow else {
        throw site.failure("multiplier is \(conv.multiplier), which cannot be used")
      }
      let grouped = Convolution(
        filters, kernel: conv.kernel, stride: conv.stride, padding: conv.padding,
        groups: shape.channels, bias: conv.bias)
      return try append(grouped, reading: value, at: site)
    case .batchNorm(let norm):
      guard LayerLimits.momentum.contains(norm.momentum),
        LayerLimits.epsilon.contains(norm.epsilon)
      else { throw site.failure("momentum or epsilon is out of range") }
      return try add(
        .batchNorm(momentum: norm.momentum, epsilon: norm.epsilon), reading: [value],
        output: shape, prefix: "bn", normalization(shape.channels), at: site)
    case .activation(let function):
      return try add(.activation(function), reading: [value], output: shape, at: site)
    case .pool(let pool):
      try refuseVector(value, at: site)
      let (window, output) = try slide(
        pool.size, stride: pool.stride, padding: pool.padding, over: shape, at: site)
      return try add(.pool(pool.kind, window), reading: [value], output: output, at: site)
    case .globalPool(let kind):
      try refuseVector(value, at: site)
      let output = Shape(channels: shape.channels)
      return try add(.globalPool(kind), reading: [value], output: output, at: site)
    case .flatten:
      let output = Shape(channels: shape.count)
      return try add(.flatten, reading: [value], output: output, at: site)
    case .dropout(let rate):
      guard LayerLimits.dropoutRate.contains(rate) else {
        throw site.failure("the rate must be 0 to \(LayerLimits.dropoutRate.upperBound)")
      }
      return try add(.dropout(rate: rate), reading: [value], output: shape, at: site)
    case .dense(let dense):
      guard shape.height == 1, shape.width == 1 else {
        throw site.failure(
          "input \(shape.text) is not a vector, put globalAveragePool or flatten before it")
      }
      let weight = [dense.features ?? classCount, shape.channels]
      return try add(
        .dense, reading: [value], output: Shape(channels: weight[0]), prefix: "fc",
        parameters(weight: weight, bias: dense.bias), at: site)
    case .residual, .concat, .scale, .repeat: preconditionFailure("holds layers")
    }
  }

  private mutating func append(
    _ conv: Convolution, reading value: Int, at site: Site
  ) throws(Failure) -> Int {
    try refuseVector(value, at: site)
    let shape = shape(of: value)
    var (window, output) = try slide(
      conv.kernel, stride: conv.stride, padding: conv.padding, dilation: conv.dilation,
      over: shape, at: site)
    output.channels = conv.filters
    guard conv.groups >= 1, shape.channels % conv.groups == 0, conv.filters % conv.groups == 0
    else {
      throw site.failure(
        "\(shape.channels) input channels and \(conv.filters) filters do not divide into "
          + "\(conv.groups) groups")
    }
    let inputs = shape.channels / conv.groups
    let weight = [conv.filters, inputs, conv.kernel.height, conv.kernel.width]
    return try add(
      .convolution(window, groups: conv.groups), reading: [value], output: output,
      prefix: "conv", parameters(weight: weight, bias: conv.bias), at: site)
  }

  private func refuseVector(_ value: Int, at site: Site) throws(Failure) {
    guard !vectors.contains(value) else {
      throw site.failure(
        "input is a vector of \(shape(of: value).channels) values, needs height and width")
    }
  }

  // MARK: Tensors

  typealias Part = (suffix: String, shape: [Int], role: StateTensor.Role)

  private func parameters(weight: [Int], bias: Bool) -> [Part] {
    [("weight", weight, .weight)] + (bias ? [("bias", [weight[0]], .bias)] : [])
  }

  private func normalization(_ channels: Int) -> [Part] {
    [
      ("weight", [channels], .scale), ("bias", [channels], .shift),
      ("running_mean", [channels], .runningMean), ("running_var", [channels], .runningVariance),
    ]
  }

  /// Appends a node, returns its value; without `prefix` its name is its kind and its place.
  mutating func add(
    _ operation: Operation, reading inputs: [Int], output: Shape, prefix: String? = nil,
    _ parts: [Part] = [], at site: Site
  ) throws(Failure) -> Int {
    guard boundedCount(output) != nil else {
      throw site.failure("output \(output.text) has more than \(Network.valueLimit) values")
    }
    guard nodes.count < LayerLimits.nodes else {
      throw site.failure("the lists make more than \(LayerLimits.nodes) layers")
    }
    let name = prefix.map { numbered($0) } ?? "\(operation.word)\(nodes.count + 1)"
    let first = tensors.count
    for part in parts {
      guard let count = boundedProduct(part.shape), blockCount + count <= Network.valueLimit else {
        throw site.failure("the model has more than \(Network.valueLimit) parameters")
      }
      tensors.append(
        StateTensor(
          name: "\(name).\(part.suffix)", shape: part.shape, role: part.role, offset: blockCount))
      blockCount += count
    }
    // A factor has no say in what a product is.
    let decisive = operation == .multiply ? Array(inputs.prefix(1)) : inputs
    if operation.leavesVector || decisive.contains(where: vectors.contains) {
      vectors.insert(nodes.count)
    }
    nodes.append(
      Node(
        operation: operation, name: name, inputs: inputs, output: output,
        tensors: Array(tensors[first...]), origin: site.origin))
    return nodes.count - 1
  }

  private mutating func numbered(_ prefix: String) -> String {
    nameCounts[prefix, default: 0] += 1
    return "\(prefix)\(nameCounts[prefix, default: 0])"
  }
}

extension Operation {
  /// In names of nodes without tensors, and in messages.
  package var word: String {
    switch self {
    case .convolution: "conv"
    case .dense: "dense"
    case .batchNorm: "batchNorm"
    case .activation(let function): function.word
    case .pool(let kind, _): kind == .maximum ? "maxPool" : "averagePool"
    case .globalPool(let kind): kind == .maximum ? "globalMaxPool" : "globalAveragePool"
    case .flatten: "flatten"
    case .dropout: "dropout"
    case .add: "add"
    case .concatenate: "concatenate"
    case .multiply: "multiply"
    case .quantize: "quantize"
    }
  }

  fileprivate var leavesVector: Bool {
    switch self {
    case .flatten, .dense: true
    default: false
    }
  }
}
