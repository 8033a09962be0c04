// What the reference promises besides the formulas: masks, traces, extremes.
// The spreadsheet's 2-2-2 network is checked against its published figures.

import Testing

@testable import PTrainNetworks

@Suite struct ReferenceNetworkTests {
  private func network(_ layers: [Layer], _ input: Shape, _ classes: Int) throws -> Network {
    try Network(
      description: ModelDescription(name: "m", layers: layers), input: input, classCount: classes)
  }

  @Test func backpropagationNetworkHasItsFigures() throws {
    let network = try network(
      [.dense(features: 2, bias: false), .sigmoid, .dense(features: 2, bias: false), .sigmoid],
      Shape(channels: 2), 2)
    var model = ReferenceNetwork<Double>(
      network: network, values: [0.15, 0.20, 0.25, 0.30, 0.40, 0.45, 0.50, 0.55])
    let targets = [0.01, 0.99]
    var sgd = ReferenceOptimizer<Double>(layout: network.layout, rule: SGD())
    var errors: [Double] = []
    var first: [Double] = []
    for row in 0...50 {
      let trace = model.forward([0.05, 0.10], mode: .evaluation)
      errors.append(
        Reference.halfSquaredErrorForward(outputs: trace.output, targets: targets).reduce(0, +))
      let gradient = model.backward(
        trace,
        outputGradient: Reference.halfSquaredErrorBackward(
          outputs: trace.output, targets: targets))
      if row == 0 { first = gradient.block }
      sgd.step(values: &model.values, gradient: gradient.block, learningRate: 0.5)
    }
    #expect(abs(errors[0] - 0.242519857) < 5e-10)
    #expect(abs(errors[50] - 0.063392460081) < 5e-13)
    let figures = [
      1.88255666940112e-4, 3.76511333880224e-4, 2.24813462576119e-4, 4.49626925152238e-4,
      0.0721570729121363, 0.0726907451919448, -0.0424552500926047, -0.0427692482800638,
    ]
    for (found, figure) in zip(first, figures) { #expect(abs(found / figure - 1) < 1e-13) }
  }

  @Test func forcedMasksReplaceSigns() throws {
    let network = try network(
      [.relu, .dense(features: nil, bias: false)], Shape(channels: 3), 1)
    let model = ReferenceNetwork<Double>(network: network, values: [1, 10, 100])
    let forced = [false, true, true]
    let trace = model.forward(
      [1, -2, 3], mode: ReferenceMode(isTraining: true, reluMasks: [0: forced]))
    #expect(trace.outputs[0] == [0, -2, 3] && trace.output == [280])
    #expect(trace.reluMasks == [0: forced])
    let gradient = model.backward(trace, outputGradient: [1], wantsInput: true)
    #expect(gradient.input == [0, 10, 100] && gradient.block == [0, -2, 3])
    #expect(model.forward([1, -2, 3], mode: .evaluation).reluMasks == [0: [true, false, true]])
  }

  @Test func forwardLeavesTheBlockAlone() throws {
    let network = try network([.batchNorm], Shape(channels: 2), 2)
    var model = ReferenceNetwork<Double>(network: network, values: [1, 1, 0, 0, 0, 0, 1, 1])
    let trace = model.forward([1, 2, 3, 6], mode: ReferenceMode(isTraining: true))
    #expect(model.values == [1, 1, 0, 0, 0, 0, 1, 1])
    model.updateRunningStatistics(from: trace)
    // Means 2 and 4, unbiased variances 2 and 8.
    let expected = [1, 1, 0, 0, 0.2, 0.4, 1.1, 1.7]
    #expect(difference(model.values, expected) < 1e-15)
    let evaluation = model.forward([1, 2, 3, 6], mode: .evaluation)
    let before = model.values
    model.updateRunningStatistics(from: evaluation)
    #expect(model.values == before)
  }

  @Test func oneValueAChannelStaysFinite() throws {
    let network = try network([.batchNorm], Shape(channels: 1), 1)
    var model = ReferenceNetwork<Double>(network: network, values: [1, 3, 0, 1])
    let trace = model.forward([5], mode: ReferenceMode(isTraining: true))
    model.updateRunningStatistics(from: trace)
    #expect(trace.output == [3] && difference(model.values, [1, 3, 0.5, 1]) < 1e-15)
  }

  @Test func dropoutMaskDropsAboutItsRate() {
    let shape = Shape(channels: 33, height: 3, width: 5)
    let mask: [Float] = Reference.dropoutMask(
      rate: 0.25, shape: shape, samples: [7, 8, 9, 10], layer: 3, epoch: 2, seed: 1)
    #expect(mask.count == 4 * shape.count)
    #expect(Set(mask) == [0, 1 / 0.75])
    let share = Float(mask.count { $0 == 0 }) / Float(mask.count)
    #expect(abs(share - 0.25) < 4 * (0.25 * 0.75 / Float(mask.count)).squareRoot())
    let other: [Float] = Reference.dropoutMask(
      rate: 0.25, shape: shape, samples: [8], layer: 3, epoch: 2, seed: 1)
    #expect(Array(mask[shape.count..<2 * shape.count]) == other)
    let later: [Float] = Reference.dropoutMask(
      rate: 0.25, shape: shape, samples: [8], layer: 3, epoch: 3, seed: 1)
    #expect(later != other)
    let nothing: [Float] = Reference.dropoutMask(
      rate: 0, shape: shape, samples: [8], layer: 3, epoch: 2, seed: 1)
    #expect(nothing.allSatisfy { $0 == 1 })
  }

  @Test func extremeLogitsStayFinite() {
    let (losses, probabilities) = Reference<Double>.crossEntropyForward(
      logits: [1e300, 0, -1e300], labels: [0])
    #expect(losses == [0] && probabilities == [1, 0, 0])
    let (wrong, _) = Reference<Float>.crossEntropyForward(logits: [200, 0], labels: [1])
    #expect(wrong == [200])
    #expect(Reference<Double>.sigmoidForward(x: [-800, 800]) == [0, 1])
  }

  @Test func presetsRunForwardAndBackward() throws {
    for name in ModelDescription.presetNames {
      let input = try ModelDescription.presetInput(named: name)
      let network = try Network(
        description: .preset(named: name), input: input.shape, classCount: input.classCount)
      let model = ReferenceNetwork<Float>(
        network: network, state: ModelState.initial(network: network, seed: 1))
      let images = (0..<2 * input.shape.count).map { Float($0 % 29) / 29 }
      let trace = model.forward(images, mode: ReferenceMode(isTraining: true))
      #expect(trace.outputs.map(\.count) == network.graph.nodes.map { 2 * $0.output.count })
      let gradient = model.backward(trace, outputGradient: trace.output)
      let weights = network.layout.tensors.filter { $0.role == .weight }
      #expect(weights.allSatisfy { gradient.block[$0.range].contains { $0 != 0 } })
      #expect(gradient.input == nil)
    }
  }
}
