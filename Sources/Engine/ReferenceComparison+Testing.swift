// Runs one training step on the engine and on the reference in Double from the same values.
// The float run's ReLU masks and maxima are forced on the reference: one flipped sign near zero
// would hide everything else.

import Datasets
import Memory
import Networks

/// One training step's loss and gradient from both interpreters.
package struct ReferenceComparison {
  package let network: Network
  package private(set) var loss = 0.0
  package private(set) var referenceLoss = 0.0
  package private(set) var gradient: [Float] = []
  package private(set) var referenceGradient: [Double] = []
  package private(set) var state: ModelState
  package private(set) var referenceValues: [Double] = []

  package init(
    _ network: Network, state: ModelState, set: ImageSet, normalization: Normalization,
    order: [UInt32], seed: UInt64 = 1, labelSmoothing: Double = 0,
    configuration: EngineConfiguration
  ) throws {
    self.network = network
    var recipe = network.description.recipe
    recipe.learningRate = 0
    recipe.labelSmoothing = labelSmoothing
    let session = try Session(
      network, state: state, configuration: configuration, sampleCapacity: order.count, seed: seed,
      recipe: recipe)
    loss = try session.trainingLosses(set, normalization, order: order, recipe: recipe)[0]
    gradient = session.gradient
    self.state = session.state
    let decisions = try session.decisions(set, normalization, order: order)

    var reference = ReferenceNetwork<Double>(network: network, state: state)
    var mode = ReferenceMode<Double>(
      isTraining: true, dropoutMasks: Self.dropoutMasks(network, order, seed))
    Self.force(decisions, network, &mode)
    let trace = reference.forward(Self.input(set, normalization, order), mode: mode)
    let labels = order.map { Int(set.labels[Int($0)]) }
    let (losses, probabilities) = Reference<Double>.crossEntropyForward(
      logits: trace.output, labels: labels, labelSmoothing: labelSmoothing)
    referenceLoss = losses.reduce(0, +) / Double(order.count)
    let outputGradient = Reference<Double>.crossEntropyBackward(
      probabilities: probabilities, labels: labels, labelSmoothing: labelSmoothing,
      scale: 1 / Double(order.count))
    referenceGradient = reference.backward(trace, outputGradient: outputGradient).block
    reference.updateRunningStatistics(from: trace)
    referenceValues = reference.values
  }

  /// Largest difference of a tensor's gradient, relative to its largest entry.
  ///
  /// A bias right before BN has no effect, its gradient is rounding noise: it is measured against
  /// the gradient of its weight.
  package func gradientErrors() -> [(name: String, error: Double)] {
    var scale = 0.0
    return network.layout.tensors.filter(\.isTrainable).map { tensor in
      let reference = referenceGradient[tensor.range]
      let largest = reference.map(abs).max()!
      scale = tensor.role == .bias ? max(scale, largest) : largest
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

  private static func input(
    _ set: ImageSet, _ normalization: Normalization, _ order: [UInt32]
  ) -> [Double] {
    order.flatMap { sample in
      let first = Int(sample) * set.pixelCount
      return set.images[first..<first + set.pixelCount].map {
        Double(normalization.offset.addingProduct(Float($0), normalization.gain))
      }
    }
  }

  private static func dropoutMasks(
    _ network: Network, _ order: [UInt32], _ seed: UInt64
  ) -> [Int: [Double]] {
    var masks: [Int: [Double]] = [:]
    for (index, place) in network.layers.enumerated() {
      guard case .dropout(let rate) = place.layer, rate > 0 else { continue }
      masks[index] = order.flatMap { sample in
        mask(place.input, Float(rate), layer: UInt32(index), sample, seed)
      }
    }
    return masks
  }

  /// `[C, H, W]` from the stream whose elements are `[block, pixel, lane]`.
  private static func mask(
    _ shape: Shape, _ rate: Float, layer: UInt32, _ sample: UInt32, _ seed: UInt64
  ) -> [Double] {
    let stream = RandomStream(seed: seed, purpose: .dropout(layer: layer), sample: sample)
    let pixels = shape.height * shape.width
    let threshold = UInt32(Double(rate) * 0x1p32)
    return (0..<shape.count).map { element in
      let (channel, pixel) = (element / pixels, element % pixels)
      let word = stream.word(element: (channel / 16 * pixels + pixel) * 16 + channel % 16)
      return word < threshold ? 0 : Double(1 / (1 - rate))
    }
  }

  private static func force(
    _ decisions: [UnitDecisions], _ network: Network, _ mode: inout ReferenceMode<Double>
  ) {
    var unit = -1
    for (index, place) in network.layers.enumerated() {
      switch place.layer {
      case .conv, .dense: unit += 1
      case .relu: mode.reluMasks[index] = decisions[unit].reluMask
      case .maxPool: mode.poolPlaces[index] = decisions[unit].poolPlaces
      default: break
      }
    }
  }
}
