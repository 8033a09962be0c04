// Inference steps to a graph of float32 tensors, images `[1, height, width, channels]`.

import PTrainDatasets
import PTrainNetworks

struct TFLiteFloatBuilder {
  private let network: Network
  private let steps: [InferenceStep]
  private(set) var graph = TFLiteGraph()
  /// The image as it is given.
  let input: Int
  /// By step value.
  private var tensors: [Int: Int] = [:]
  /// Values that were flattened in the order of memory, with what they were before.
  private var flattenedPlanes: [Int: Shape] = [:]

  /// Begins with the image's own values and their normalisation.
  init(_ network: Network, _ steps: [InferenceStep], _ normalization: Normalization) {
    (self.network, self.steps) = (network, steps)
    input = graph.add(
      TFLiteTensor(name: "image", shape: network.input.tensorShape, type: .float32))
    let gain = constant("normalization_gain", [normalization.channels], normalization.gains)
    let offset = constant(
      "normalization_offset", [normalization.channels], normalization.offsets)
    tensors[Graph.image] = scaled(input, gain, offset, .none, name: "normalized")
  }

  /// Appends all steps, returns the logits.
  mutating func build() -> Int {
    // An activation may be written with the step before it.
    for step in steps where tensors[step.value] == nil {
      let (activation, value) =
        step.operation.takesActivation ? clamp(behind: step.value) : (.none, step.value)
      let result = append(step, activation)
      tensors[step.value] = result
      tensors[value] = result
    }
    let logits = graph.flattened(tensors[steps.last!.value]!)
    graph.rename(logits, "logits")
    return logits
  }

  /// The clamp that alone reads a value, and what it leaves.
  private func clamp(behind value: Int) -> (FusedActivation, value: Int) {
    let readers = steps.filter { $0.inputs.contains(value) }
    guard readers.count == 1, case .activation(let function) = readers[0].operation,
      let clamp = FusedActivation(function)
    else { return (.none, value) }
    return (clamp, readers[0].value)
  }

  // MARK: Steps

  private mutating func append(_ step: InferenceStep, _ activation: FusedActivation) -> Int {
    let inputs = step.inputs.map { tensors[$0]! }
    let x = inputs[0]
    let before = network.graph.shape(of: step.inputs[0])
    let after = network.graph.shape(of: step.value)
    let name = network.graph.nodes[step.value].name
    switch step.operation {
    case .convolution(let weights, let window):
      let output = value(name, after)
      convolve(x, weights, TFLiteWindow(window, input: before, output: after), activation, output)
      return output
    case .dense(let weights):
      var planes = weights
      let shape = flattenedPlanes[step.inputs[0]] ?? before
      planes.shape += [shape.height, shape.width]
      planes.shape[1] = shape.channels
      let output = add(name, [1, after.channels])
      let kernel = constant("\(name)_weight", weights.shape, planes.channelsLast)
      let parts = [x, kernel, bias(weights)]
      graph.append(.fullyConnected, .fullyConnected(activation), parts, into: output)
      return output
    case .batchNorm(let norm):
      let (gain, offset) = norm.affine
      return scaled(
        x, constant("\(name)_scale", [gain.count], gain.map { Float($0) }),
        constant("\(name)_shift", [gain.count], offset.map { Float($0) }), activation, name: name)
    case .activation(let function): return self.activation(function, x, name)
    case .pool(let kind, let window):
      let window = TFLiteWindow(window, input: before, output: after)
      return pool(kind, x, window, before, after, name)
    case .globalPool(let kind):
      return pool(kind, x, TFLiteWindow(whole: before), before, after, name)
    case .flatten: return flatten(x, before, step.value)
    case .add:
      let parts = graph.ofOneRank(inputs)
      return elementwise(.add, .add(activation), parts, name)
    case .multiply:
      let factor = graph.factor(inputs[1], of: x)
      return elementwise(.mul, .mul(activation), [x, factor], name)
    case .concatenate:
      let parts = graph.ofOneRank(inputs)
      let isFlat = graph.tensors[parts[0]].shape.count == 2
      let output = isFlat ? add(name, [1, after.channels]) : value(name, after)
      graph.concatenate(parts, into: output)
      return output
    }
  }

  private mutating func convolve(
    _ x: Int, _ weights: LinearWeights, _ window: TFLiteWindow, _ activation: FusedActivation,
    _ output: Int
  ) {
    let (outputs, size) = (weights.shape[0], Array(weights.shape[2...]))
    let isDepthwise = weights.groups > 1 && weights.shape[1] == 1
    let kernel =
      isDepthwise
      ? constant("\(weights.name)_weight", [1] + size + [outputs], weights.byTap)
      : constant(
        "\(weights.name)_weight", weights.channelsLastShape, weights.channelsLast)
    graph.convolve(
      x, kernel: kernel, bias: bias(weights), window,
      multiplier: isDepthwise ? outputs / weights.groups : nil, activation, into: output)
  }

  private mutating func pool(
    _ kind: PoolKind, _ x: Int, _ window: TFLiteWindow, _ input: Shape, _ shape: Shape,
    _ name: String
  ) -> Int {
    guard kind == .average, window.border != .none else {
      let output = value(name, shape)
      graph.pool(kind, x, window, into: output)
      return output
    }
    // The border's zeros count in the mean over a window; those means are scaled up.
    let output = value("\(name)_of_padded", shape)
    let image = graph.bordered(x, window.border, .zero)
    graph.append(.averagePool2D, .pool2D(window), [image], into: output)
    let factors = constant(
      "\(name)_factors", [1, shape.height, shape.width, 1],
      window.sharesInside(input, shape).map { 1 / $0 })
    return elementwise(.mul, .mul(.none), [output, factors], name)
  }

  private mutating func flatten(_ x: Int, _ shape: Shape, _ value: Int) -> Int {
    let isDenseAlone = steps.filter { $0.inputs.contains(value) }.allSatisfy {
      if case .dense = $0.operation { true } else { false }
    }
    if isDenseAlone { flattenedPlanes[value] = shape }
    let isOrdered = isDenseAlone || shape.channels == 1 || shape.height * shape.width == 1
    return graph.flattened(isOrdered ? x : graph.planes(x))
  }

  // MARK: Elementwise

  private mutating func activation(_ function: Activation, _ x: Int, _ name: String) -> Int {
    switch function {
    case .relu: return elementwise(.relu, nil, [x], name)
    case .relu6: return elementwise(.relu6, nil, [x], name)
    case .sigmoid: return elementwise(.logistic, nil, [x], name)
    case .tanh: return elementwise(.tanh, nil, [x], name)
    case .hardSwish: return elementwise(.hardSwish, .hardSwish, [x], name)
    case .gelu: return elementwise(.gelu, .gelu, [x], name)
    case .leakyRelu(let slope):
      return elementwise(.leakyRelu, .leakyRelu(Float(slope)), [x], name)
    case .silu:
      let share = elementwise(.logistic, nil, [x], "\(name)_share")
      return elementwise(.mul, .mul(.none), [x, share], name)
    }
  }

  /// `x·gain + offset`, by channel.
  private mutating func scaled(
    _ x: Int, _ gain: Int, _ offset: Int, _ activation: FusedActivation, name: String
  ) -> Int {
    let product = elementwise(.mul, .mul(.none), [x, gain], "\(name)_product")
    return elementwise(.add, .add(activation), [product, offset], name)
  }

  /// Of the first input's shape.
  private mutating func elementwise(
    _ code: TFLiteOperatorCode, _ options: TFLiteOptions?, _ inputs: [Int], _ name: String
  ) -> Int {
    let output = add(name, graph.tensors[inputs[0]].shape)
    graph.append(code, options, inputs, into: output)
    return output
  }

  // MARK: Tensors

  private mutating func value(_ name: String, _ shape: Shape) -> Int {
    add(name, shape.tensorShape)
  }

  private mutating func add(_ name: String, _ shape: [Int]) -> Int {
    graph.add(TFLiteTensor(name: name, shape: shape, type: .float32))
  }

  private mutating func constant(_ name: String, _ shape: [Int], _ values: [Float]) -> Int {
    graph.constant(name, shape, values, .float32)
  }

  /// Zeros where there is none: an operator without one is of a newer version.
  private mutating func bias(_ weights: LinearWeights) -> Int {
    let count = weights.shape[0]
    return constant(
      "\(weights.name)_bias", [count], weights.bias ?? [Float](repeating: 0, count: count))
  }
}

extension InferenceOperation {
  /// Whether its operator clamps, too.
  fileprivate var takesActivation: Bool {
    switch self {
    case .convolution, .dense, .batchNorm, .add, .multiply: true
    default: false
    }
  }
}

extension Shape {
  /// `[1, height, width, channels]`.
  var tensorShape: [Int] { [1, height, width, channels] }
}
