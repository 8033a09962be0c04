// Gradients against central differences in Double: each layer alone, then whole networks.
// The loss is a fixed random weighting of the outputs, so every output's gradient differs.

import PTrainMemory
import Testing

@testable import PTrainNetworks

@Suite struct CentralDifferenceTests {
  /// Even numbers of ±1; every call with another `sample` is another sequence.
  private func random(_ count: Int, sample: UInt32) -> [Double] {
    let stream = RandomStream(seed: 77, purpose: .augmentation, sample: sample)
    return (0..<count).map { 2 * Double(stream.uniform(element: $0)) - 1 }
  }

  /// Five-point formula: the error is of fourth order in the step.
  private func slope(of loss: ([Double]) -> Double, at x: [Double], _ place: Int) -> Double {
    let step = 3e-5
    func difference(_ steps: Double) -> Double {
      var (above, below) = (x, x)
      above[place] += steps * step
      below[place] -= steps * step
      return loss(above) - loss(below)
    }
    return (8 * difference(1) - difference(2)) / (12 * step)
  }

  func check(_ layers: [Layer], _ input: Shape, classes: Int, isTraining: Bool) throws {
    let network = try Network(
      description: ModelDescription(name: "m", layers: layers), input: input, classCount: classes)
    var model = ReferenceNetwork(
      network: network, values: random(network.layout.count, sample: 1))
    for tensor in network.layout.tensors where tensor.role == .runningVariance {
      for place in tensor.range { model.values[place] = 1 + model.values[place] / 2 }
    }
    let count = 3
    let x = random(count * input.count, sample: 2)
    let weighting = random(count * classes, sample: 3)
    let mode = mode(network, count, isTraining)
    let gradient = model.backward(
      model.forward(x, mode: mode), outputGradient: weighting, wantsInput: true)
    let loss = { (model: ReferenceNetwork<Double>, x: [Double]) in
      zip(model.forward(x, mode: mode).output, weighting).map(*).reduce(0, +)
    }
    let inputSlopes = x.indices.map { slope(of: { loss(model, $0) }, at: x, $0) }
    #expect(difference(try #require(gradient.input), inputSlopes) < 1e-7)
    for tensor in network.layout.tensors where tensor.isTrainable {
      let slopes = tensor.range.map { place in
        slope(of: { loss(.init(network: network, values: $0), x) }, at: model.values, place)
      }
      #expect(difference(Array(gradient.block[tensor.range]), slopes) < 1e-7, "\(tensor.name)")
    }
    for tensor in network.layout.tensors where !tensor.isTrainable {
      #expect(gradient.block[tensor.range].allSatisfy { $0 == 0 })
    }
  }

  private func mode(
    _ network: Network, _ count: Int, _ isTraining: Bool
  ) -> ReferenceMode<Double> {
    var mode = ReferenceMode<Double>(isTraining: isTraining)
    for (index, node) in network.graph.nodes.enumerated() {
      guard case .dropout(let rate) = node.operation else { continue }
      mode.dropoutMasks[index] = Reference.dropoutMask(
        rate: rate, shape: node.output, samples: (0..<UInt32(count)).map { $0 }, layer: index,
        epoch: 1, seed: 9)
    }
    return mode
  }

  static let planes = Shape(channels: 2, height: 5, width: 4)
  static let head: [Layer] = [.globalAveragePool, .dense(features: nil, bias: true)]

  @Test(
    arguments: [
      [.conv(filters: 3, kernel: 3, stride: 1, padding: 1, bias: true)],
      [.conv(filters: 2, kernel: 2, stride: 2, padding: 1, bias: false)],
      [.conv(filters: 2, kernel: 4, stride: 3, padding: 2, bias: true)],
      [.relu], [.sigmoid], [.maxPool(size: 2)], [.batchNorm], [.dropout(rate: 0.4)],
      [.batchNorm, .sigmoid],
    ] as [[Layer]], [true, false])
  func layer(layers: [Layer], isTraining: Bool) throws {
    try check(layers + Self.head, Self.planes, classes: 4, isTraining: isTraining)
  }

  @Test(arguments: [true, false])
  func vectorLayers(isTraining: Bool) throws {
    try check(
      [
        .dense(features: 5, bias: false), .batchNorm, .sigmoid, .dropout(rate: 0.3),
        .dense(features: nil, bias: true),
      ], Shape(channels: 6), classes: 3, isTraining: isTraining)
  }

  @Test(arguments: [TrainingGoldenTests.small, TrainingGoldenTests.stack])
  func wholeNetwork(layers: [Layer]) throws {
    for channels in [1, 3] {
      let input = Shape(channels: channels, height: 8, width: 8)
      try check(layers, input, classes: 3, isTraining: true)
    }
  }

  @Test(arguments: [0, 0.2], [false, true])
  func crossEntropy(smoothing: Double, isMixed: Bool) {
    let logits = random(12, sample: 4).map { 5 * $0 }
    let labels = [0, 3, 2]
    let mixes =
      isMixed
      ? [(1, 0.25), (3, 0.5), (0, 0)].map { ReferenceMix(label: $0.0, share: $0.1) } : []
    let probabilities = Reference.crossEntropyForward(
      logits: logits, labels: labels, mixes: mixes, labelSmoothing: smoothing
    ).probabilities
    let gradient = Reference.crossEntropyBackward(
      probabilities: probabilities, labels: labels, mixes: mixes, labelSmoothing: smoothing,
      scale: 1)
    let slopes = logits.indices.map { place in
      slope(
        of: {
          Reference.crossEntropyForward(
            logits: $0, labels: labels, mixes: mixes, labelSmoothing: smoothing
          ).losses.reduce(0, +)
        }, at: logits, place)
    }
    #expect(difference(gradient, slopes) < 1e-8)
  }

  /// A target of two classes is the mean of two losses.
  @Test(arguments: [0, 0.2]) func mixedLossesAreMeans(smoothing: Double) {
    let logits = random(8, sample: 4).map { 5 * $0 }
    func losses(_ labels: [Int], _ mixes: [ReferenceMix] = []) -> [Double] {
      Reference.crossEntropyForward(
        logits: logits, labels: labels, mixes: mixes, labelSmoothing: smoothing
      ).losses
    }
    let mixed = losses(
      [2, 0], [ReferenceMix(label: 1, share: 0.3), ReferenceMix(label: 0, share: 0.4)])
    let (own, other) = (losses([2, 0]), losses([1, 0]))
    #expect(abs(mixed[0] - (0.7 * own[0] + 0.3 * other[0])) < 1e-12)
    #expect(abs(mixed[1] - own[1]) < 1e-12)
  }

  @Test func halfSquaredError() {
    let (outputs, targets) = (random(6, sample: 5), random(6, sample: 6))
    let slopes = outputs.indices.map { place in
      slope(
        of: { Reference.halfSquaredErrorForward(outputs: $0, targets: targets).reduce(0, +) },
        at: outputs, place)
    }
    let gradient = Reference.halfSquaredErrorBackward(outputs: outputs, targets: targets)
    #expect(difference(gradient, slopes) < 1e-8)
  }
}
