// Runs one training step on the engine and on the reference in Double from the same values.
// The float run's ReLU masks and maxima are forced on the reference: one flipped sign near zero
// would hide everything else.

import PTrainDatasets
import PTrainMemory
import PTrainNetworks

/// One training step's loss and gradient from both interpreters.
package struct ReferenceComparison {
  package let network: Network
  package private(set) var loss = 0.0
  package private(set) var referenceLoss = 0.0
  package private(set) var gradient: [Float] = []
  package private(set) var referenceGradient: [Double] = []
  package private(set) var state: ModelState
  package private(set) var referenceValues: [Double] = []
  /// The reference's in Float, where asked for: how far rounding alone leads away.
  package private(set) var floatGradient: [Float] = []

  package init(
    _ network: Network, state: ModelState, set: ImageSet, normalization: Normalization,
    order: [UInt32], seed: UInt64 = 1, labelSmoothing: Double = 0, classWeights: [Float] = [],
    fusion: Fusion = .full, measuresFloat: Bool = false, configuration: EngineConfiguration
  ) throws {
    self.network = network
    var recipe = network.description.recipe
    recipe.learningRate = 0
    recipe.labelSmoothing = labelSmoothing
    let session = try Session(
      network, state: state, configuration: configuration, sampleCapacity: order.count, seed: seed,
      recipe: recipe, classWeights: classWeights, fusion: fusion)
    loss = try session.trainingLosses(set, normalization, order: order, recipe: recipe)[0]
    gradient = session.gradient
    self.state = session.state
    let decisions = try session.decisions(set, normalization, order: order)
    let seen = try SeenSamples(set, order, recipe, seed)
    let input = Self.input(seen.images, normalization)
    let exact: StepOutcome<Double> = Self.step(
      network, state, input, seen, decisions, seed, order, labelSmoothing, classWeights)
    (referenceLoss, referenceGradient) = (exact.loss, exact.gradient)
    referenceValues = exact.values
    guard measuresFloat else { return }
    let rounded: StepOutcome<Float> = Self.step(
      network, state, input, seen, decisions, seed, order, labelSmoothing, classWeights)
    floatGradient = rounded.gradient
  }

  private struct StepOutcome<Scalar: ReferenceScalar> {
    var loss: Scalar
    var gradient: [Scalar]
    var values: [Scalar]
  }

  private static func step<Scalar: ReferenceScalar>(
    _ network: Network, _ state: ModelState, _ input: [Double], _ seen: SeenSamples,
    _ decisions: NodeDecisions, _ seed: UInt64, _ order: [UInt32], _ labelSmoothing: Double,
    _ classWeights: [Float]
  ) -> StepOutcome<Scalar> {
    var reference = ReferenceNetwork<Scalar>(network: network, state: network.seen(state))
    let (labels, mixes) = (seen.labels, seen.mixes)
    var mode = ReferenceMode<Scalar>(
      isTraining: true, dropoutMasks: dropoutMasks(network, order, seed),
      reluMasks: decisions.reluMasks)
    mode.pieces = decisions.pieces
    mode.poolPlaces = decisions.poolPlaces
    mode.roundedSteps = decisions.roundedSteps.mapValues { $0.map { Scalar($0) } }
    let trace = reference.forward(input.map { Scalar($0) }, mode: mode)
    let (losses, probabilities) = Reference<Scalar>.crossEntropyForward(
      logits: trace.output, labels: labels, mixes: mixes, labelSmoothing: labelSmoothing)
    let factors = Reference<Scalar>.sampleFactors(labels: labels, classWeights: classWeights)
    var outputGradient = Reference<Scalar>.crossEntropyBackward(
      probabilities: probabilities, labels: labels, mixes: mixes, labelSmoothing: labelSmoothing,
      scale: 1 / Scalar(labels.count))
    let classes = network.classCount
    for place in outputGradient.indices { outputGradient[place] *= factors[place / classes] }
    let gradient = reference.backward(trace, outputGradient: outputGradient).block
    reference.updateRunningStatistics(from: trace)
    return StepOutcome(
      loss: zip(losses, factors).reduce(0) { $0 + $1.0 * $1.1 } / Scalar(labels.count),
      gradient: gradient,
      values: reference.values)
  }

  /// Largest difference of a tensor's gradient, relative to its largest entry.
  ///
  /// A bias right before BN has no effect, its gradient is rounding noise: it is measured against
  /// the gradient of its weight. So is, in effect, a gradient of less than `negligible` of the largest one.
  package func gradientErrors() -> [(name: String, error: Double)] { errors(of: gradient) }

  private static let negligible = 1e-5

  /// The same of the reference in Float.
  package func floatErrors() -> [(name: String, error: Double)] { errors(of: floatGradient) }

  private func errors(of gradient: [Float]) -> [(name: String, error: Double)] {
    let floor = max(
      Self.negligible * (referenceGradient.map(abs).max() ?? 0), .leastNormalMagnitude)
    var scale = 0.0
    return network.layout.tensors.filter(\.isTrainable).map { tensor in
      let reference = referenceGradient[tensor.range]
      let largest = reference.map(abs).max()!
      scale = max(tensor.role == .bias ? max(scale, largest) : largest, floor)
      let difference = zip(gradient[tensor.range], reference).map { abs(Double($0) - $1) }.max()!
      return (tensor.name, difference / scale)
    }
  }

  /// Largest difference of running statistics, relative to the tensor's largest value.
  package func statisticsErrors() -> [(name: String, error: Double)] {
    network.layout.tensors.filter { !$0.isTrainable }.map { tensor in
      let reference = referenceValues[tensor.range]
      let difference = zip(state.values[tensor.range], reference).map { abs(Double($0) - $1) }
      return (tensor.name, difference.max()! / reference.map(abs).max()!)
    }
  }

  private static func input(_ set: ImageSet, _ normalization: Normalization) -> [Double] {
    let pixels = set.height * set.width
    return (0..<set.count).flatMap { sample in
      (0..<set.imageShape.count).map { element in
        let (channel, pixel) = element.quotientAndRemainder(dividingBy: pixels)
        let place = sample * set.imageShape.count + pixel * set.channels + channel
        return Double(normalization.input(set.value(at: place), channel: channel))
      }
    }
  }

  private static func dropoutMasks<Scalar: ReferenceScalar>(
    _ network: Network, _ order: [UInt32], _ seed: UInt64
  ) -> [Int: [Scalar]] {
    var masks: [Int: [Scalar]] = [:]
    for (index, node) in network.graph.nodes.enumerated() {
      guard case .dropout(let rate) = node.operation, rate > 0 else { continue }
      masks[index] = Reference<Scalar>.dropoutMask(
        rate: rate, shape: node.output, samples: order, layer: index, epoch: 0, seed: seed)
    }
    return masks
  }
}
