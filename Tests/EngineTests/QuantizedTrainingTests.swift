// Epochs that train for 8-bit integers: which they are, what their steps see, and what tests see.

import PTrainDatasets
import PTrainMemory
import PTrainNetworks
import Testing

@testable import PTrainEngine

@Suite struct QuantizedTrainingTests {
  private static func run(
    epochs: Int, _ change: (inout Recipe) -> Void = { _ in }
  ) throws -> NoiseRun {
    var description = try ModelDescription.preset(named: "tiny")
    change(&description.recipe)
    return try NoiseRun(
      description, input: Shape(channels: 1, height: 12, width: 12), epochs: epochs, training: 40,
      test: 20, batchSize: 16)
  }

  @Test(arguments: [0.0, 0.9])
  func theLastEpochsSeeIntegersAndTestsDoNot(averageDecay: Double) throws {
    let plain = try Self.run(epochs: 3) { $0.averageDecay = averageDecay }.outcome(threads: 2)
    let run = try Self.run(epochs: 3) {
      ($0.quantize, $0.quantizeEpochs, $0.averageDecay) = (.int8, 2, averageDecay)
    }
    let quantized = try run.outcome(threads: 2)
    let steps = plain.losses.count / 3
    #expect(quantized.losses[..<steps] == plain.losses[..<steps])
    #expect(quantized.epochs[..<2] == plain.epochs[..<2])
    for step in steps..<3 * steps {
      #expect(quantized.losses[step] != plain.losses[step])
      #expect(abs(quantized.losses[step] - plain.losses[step]) < 0.5)
    }
    #expect(quantized.state != plain.state)
    // What the model file holds, in floating point.
    let end = try run.trainer(threads: 1)
    var state: ModelState?
    try end.run { if case .epoch(_, let value) = $0 { state = value } }
    #expect(try run.evaluation(of: state!) == quantized.epochs.last)
  }

  /// Longer than the run: all epochs.
  @Test func moreEpochsThanThereAre() {
    var recipe = Recipe()
    recipe.epochs = 3
    #expect(!(0...4).contains { recipe.quantizes(epoch: $0) })
    recipe.quantize = .int8
    #expect((1...3).allSatisfy { recipe.quantizes(epoch: $0) })
    recipe.quantizeEpochs = 2
    #expect((1...3).filter { recipe.quantizes(epoch: $0) } == [2, 3])
  }

  /// Between two of 255 numbers, the nearer one; the largest weight of an output is one of them.
  @Test func weightsAreNumbersOfTheirOutput() throws {
    let network = try Network(
      description: .preset(named: "tiny"), input: Shape(channels: 1, height: 12, width: 12),
      classCount: 10)
    let state = ModelState.initial(network: network, seed: 3)
    #expect(network.seen(state) == state)
    let form = ValueForm(node: 0, form: NumberForm(scale: 1, zeroPoint: 0))
    let seen = network.quantizing([form]).seen(state)
    for node in network.graph.nodes {
      guard let weight = node.tensor(.weight) else {
        for tensor in node.tensors { #expect(seen[tensor.name] == state[tensor.name]) }
        continue
      }
      let rows = node.operation == .dense ? 1 : weight.shape[0]
      let (before, after) = (state[weight.name]!, seen[weight.name]!)
      let count = weight.count / rows
      for row in 0..<rows {
        let places = row * count..<(row + 1) * count
        let scale = before[places].map(abs).max()! / 127
        #expect(scale > 0)
        for place in places {
          let steps = after[place] / scale
          #expect(abs(steps - steps.rounded()) < 1e-4 && abs(steps) < 127.001)
          #expect(abs(after[place] - before[place]) <= scale * 0.5001)
        }
      }
    }
  }

  /// The model of an epoch before is none that was asked for, however small its loss.
  @Test func theKeptEpochIsAQuantizedOne() {
    var (recipe, options) = (Recipe(), TrainingOptions())
    (recipe.epochs, recipe.quantize, recipe.quantizeEpochs) = (6, .int8, 3)
    (options.patience, options.targetAccuracy) = (1, 10)
    var position = TrainingPosition()
    for (loss, kept, end) in [
      (1.0, 1, nil), (0.1, 2, nil), (0.5, 2, nil), (0.9, 4, RunEnd.target),
    ] as [(Double, Int, RunEnd?)] {
      let evaluation = Evaluation(loss: loss, correctCount: 1, sampleCount: 2)
      position.finishEpoch(
        EpochResult(
          epoch: position.epoch, learningRate: 1, training: evaluation, test: evaluation,
          validation: evaluation, elapsedSeconds: 1), recipe, options)
      #expect(position.keptEpoch == kept)
      #expect(position.end == end)
    }
    options.targetAccuracy = nil
  }
}
