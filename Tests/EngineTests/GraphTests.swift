// Random networks of the whole grammar: a training step, fused and on basic stages, against the
// reference. PTRAIN_RANDOM_NETWORKS asks for more than the usual number, PTRAIN_RANDOM_SEED for others.

import Foundation
import PTrainDatasets
import PTrainMemory
import PTrainNetworks
import Testing

@testable import PTrainEngine

@Suite struct GraphTests {
  private static func number(_ variable: String, default fallback: Int) -> Int {
    ProcessInfo.processInfo.environment[variable].flatMap { Int($0) } ?? fallback
  }

  private static let first = number("PTRAIN_RANDOM_FIRST", default: 0)
  private static let count = number("PTRAIN_RANDOM_NETWORKS", default: 200)
  private static let seed = UInt64(number("PTRAIN_RANDOM_SEED", default: 1))

  @Test(arguments: first..<first + count)
  func aStepOfARandomNetworkAgreesWithTheReference(index: Int) throws {
    var random = RandomNetworks(seed: Self.seed, index: index)
    let network = random.next()
    try checkStep(of: network, count: random.sampleCount(), index)
  }

  /// The same of networks that train for 8-bit integers, with ranges that end before the values do.
  @Test(arguments: first..<first + count / 4)
  func aStepOfAQuantizingNetworkAgreesWithTheReference(index: Int) throws {
    var random = RandomNetworks(seed: Self.seed, index: index)
    let network = random.next()
    let forms = network.graph.nodes.indices.filter { $0 == 0 || random.number(0...1) == 0 }.map {
      ValueForm(
        node: $0,
        form: NumberForm(
          scale: Float(random.number(2...40)) / 1000, zeroPoint: random.number(-128...60)))
    }
    try checkStep(of: network.quantizing(forms), count: random.sampleCount(), index)
  }

  private func checkStep(of network: Network, count: Int, _ index: Int) throws {
    let set = try images(network, count, index)
    let state = state(network, index)
    for fusion in [Fusion.full, .none] {
      let plan = try Plan(network, fusion: fusion)
      #expect(plan.violations.isEmpty)
      let comparison = try ReferenceComparison(
        network, state: state, set: set,
        normalization: Normalization(mean: 0.5, standardDeviation: 0.29),
        order: [UInt32](0..<UInt32(count)), seed: 5, labelSmoothing: 0.1, fusion: fusion,
        measuresFloat: true, configuration: TestData.configuration(threads: 1))
      try compare(comparison, "\(index) \(fusion)\n\(network.description.yamlText)\n\(plan)")
    }
  }

  /// Each tensor within what rounding does to the reference itself, or near it: a variance over few
  /// values may be small, and what is divided by it uncertain in any order of sums.
  private func compare(_ comparison: ReferenceComparison, _ text: String) throws {
    #expect(abs(comparison.loss - comparison.referenceLoss) < 1e-4, "\(text)")
    let roundings = comparison.floatErrors().map(\.error)
    let worst = roundings.max()!
    for ((name, error), rounding) in zip(comparison.gradientErrors(), roundings) {
      let allowed = max(3e-5, 50 * rounding, 10 * worst)
      #expect(error <= allowed, "\(name), rounding \(rounding), worst \(worst): \(text)")
    }
  }

  private func images(_ network: Network, _ count: Int, _ index: Int) throws -> ImageSet {
    let stream = RandomStream(seed: 7, purpose: .shuffle, sample: UInt32(index))
    let input = network.input
    return try ImageSet(
      height: input.height, width: input.width, channels: input.channels,
      images: (0..<count * input.count).map { UInt8(stream.word(element: $0) >> 24) },
      labels: (0..<count).map { UInt16(stream.word(element: 1_000_000 + $0) % 4) })
  }

  /// BN scales of both signs.
  private func state(_ network: Network, _ index: Int) -> ModelState {
    var state = ModelState.initial(network: network, seed: UInt64(index))
    let stream = RandomStream(seed: 9, purpose: .shuffle, sample: UInt32(index))
    for tensor in network.layout.tensors where tensor.role == .scale || tensor.role == .shift {
      for place in tensor.range {
        let value = 2 * stream.uniform(element: place) - 1
        state.values[place] = tensor.role == .scale && abs(value) < 0.2 ? 0.5 : value
      }
    }
    return state
  }
}
