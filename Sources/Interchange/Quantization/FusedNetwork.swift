// A network as it is quantised: batch normalisation folded, the data's normalisation in the first weights,
// clamps part of the step before them. Still in floating point and in PyTorch's order.

import PTrainArtifacts
import PTrainDatasets
import PTrainDiagnostics
import PTrainNetworks

/// Steps over values `[C, H, W]`: value 0 is the image, step `i` leaves value `i + 1`.
struct FusedNetwork: Sendable {
  struct Step: Sendable {
    /// Nothing that int8 steps do not have: of activations the clamps and leaky ReLU.
    var operation: InferenceOperation
    var inputs: [Int]
    var activation = FusedActivation.none
    /// Of the layer, for reports.
    var name: String
    /// How messages about it begin.
    var origin: String
  }

  let name: String
  /// Of each value.
  private(set) var shapes: [Shape]
  private(set) var steps: [Step] = []
  /// The node of the model whose output each value is.
  private(set) var nodes = [Graph.image]
  /// Value 0 is `(byte − imageZero) / 255`: what padding counts as, since zeros around the normalised
  /// image are its mean. One whole number for all channels, the nearest to the mean of theirs; the
  /// difference to each channel's own goes into the biases, so that it is felt at the border alone.
  let imageZero: Int

  /// Throws `badData` for what 8-bit integers have no step for, with the layer's name.
  init(_ model: TrainedModel) throws(Failure) {
    guard model.normalization.pixelType == .byte else {
      throw Failure(.badData, "takes images of floats; 8-bit networks take bytes")
    }
    name = model.network.description.name
    shapes = [model.network.input]
    let means = model.normalization.means
    let mean = Double(means.reduce(0, +)) / Double(means.count)
    imageZero = min(255, max(0, Int((255 * mean).rounded())))
    let steps = model.inferenceSteps.foldingBatchNorm
    // The value of each node.
    var values = [Graph.image: 0]
    let isFolded = steps.takeNormalization
    if !isFolded { values[Graph.image] = appendNormalization(model) }
    for var step in steps {
      if isFolded { step.fold(affine(model.normalization), of: model.network.input, in: steps) }
      try append(step, model.network.graph, steps, &values)
    }
  }

  /// From value 0 to the normalised image, by channel.
  private func affine(_ normalization: Normalization) -> (gain: [Double], offset: [Double]) {
    let channels = 0..<shapes[0].channels
    let means = channels.map { Double(normalization.means[$0 % normalization.channels]) }
    let gains = channels.map {
      1 / Double(normalization.standardDeviations[$0 % normalization.channels])
    }
    return (gains, channels.map { (Double(imageZero) / 255 - means[$0]) * gains[$0] })
  }

  private mutating func append(_ step: Step, shape: Shape, node: Int) -> Int {
    steps.append(step)
    shapes.append(shape)
    nodes.append(node)
    return steps.count
  }

  private mutating func appendNormalization(_ model: TrainedModel) -> Int {
    let (gain, offset) = affine(model.normalization)
    let operation = InferenceOperation.scale("input", gain, offset)
    return append(
      Step(operation: operation, inputs: [0], name: "input", origin: name), shape: shapes[0],
      node: Graph.image)
  }

  private mutating func append(
    _ step: InferenceStep, _ graph: Graph, _ all: [InferenceStep], _ values: inout [Int: Int]
  ) throws(Failure) {
    let node = graph.nodes[step.value]
    let inputs = step.inputs.map { values[$0]! }
    var operation = step.operation
    switch operation {
    case .batchNorm(let norm):
      let (gain, offset) = norm.affine
      operation = .scale(norm.name, gain, offset)
    case .activation(let function):
      try require(function, node)
      let readers = all.reduce(0) { $0 + $1.inputs.count { $0 == step.inputs[0] } }
      if let clamp = FusedActivation(function), readers == 1, fuse(clamp, into: inputs[0]) {
        values[step.value] = inputs[0]
        nodes[inputs[0]] = step.node
        return
      }
    default: break
    }
    values[step.value] = append(
      Step(operation: operation, inputs: inputs, name: node.name, origin: node.origin),
      shape: node.output, node: step.node)
  }

  private func require(_ function: Activation, _ node: Node) throws(Failure) {
    switch function {
    case .relu, .relu6: return
    case .leakyRelu(let slope) where slope >= 0: return
    default:
      throw Failure(
        .badData,
        "\(node.origin): 8-bit integers have no \(function.word); relu, relu6 and leakyRelu they have"
      )
    }
  }

  /// Whether the step that leaves `value` could take the clamp.
  private mutating func fuse(_ clamp: FusedActivation, into value: Int) -> Bool {
    guard value > 0, steps[value - 1].takesActivation else { return false }
    steps[value - 1].activation = clamp
    return true
  }
}

extension FusedActivation {
  init?(_ function: Activation) {
    switch function {
    case .relu: self = .relu
    case .relu6: self = .relu6
    default: return nil
    }
  }
}

extension FusedNetwork.Step {
  fileprivate var takesActivation: Bool {
    switch operation {
    case .convolution, .dense, .add, .multiply: activation == .none
    default: false
    }
  }
}

extension InferenceOperation {
  /// A factor and an offset for each channel: a depthwise convolution of one pixel.
  fileprivate static func scale(
    _ name: String, _ gain: [Double], _ offset: [Double]
  ) -> InferenceOperation {
    let weights = LinearWeights(
      name: name, shape: [gain.count, 1, 1, 1], groups: gain.count, values: gain.map { Float($0) },
      bias: offset.map { Float($0) })
    return .convolution(weights, Window(height: 1, width: 1))
  }
}

extension [InferenceStep] {
  /// Whether whatever reads the image can have its normalisation in the weights.
  fileprivate var takeNormalization: Bool {
    readers(of: Graph.image).allSatisfy { step in
      step.operation == .flatten
        ? readers(of: step.value).allSatisfy { $0.operation.weights != nil }
        : step.operation.weights != nil
    }
  }

  private func readers(of value: Int) -> [InferenceStep] {
    filter { $0.inputs.contains(value) }
  }
}

extension InferenceStep {
  /// Takes the normalisation in, where the step reads the image, flattened or not.
  fileprivate mutating func fold(
    _ affine: (gain: [Double], offset: [Double]), of image: Shape, in steps: [InferenceStep]
  ) {
    guard let weights = operation.weights else { return }
    if inputs[0] == Graph.image {
      operation.weights = weights.preceded(by: affine)
    } else if steps.contains(where: {
      $0.value == inputs[0] && $0.operation == .flatten && $0.inputs[0] == Graph.image
    }) {
      let pixels = image.height * image.width
      let features = (0..<image.count).map { $0 / pixels }
      operation.weights = weights.preceded(
        by: (features.map { affine.gain[$0] }, features.map { affine.offset[$0] }))
    }
  }
}
