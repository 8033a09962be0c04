// A network in 8-bit integers stands in its TensorFlow Lite file number by number.

import PTrainArtifacts
import PTrainDiagnostics
import PTrainNetworks
import Testing

@testable import PTrainInterchange

@Suite struct TFLiteIntegerTests {
  private let model: TrainedModel

  init() throws {
    model = try .sample(
      .parse(yaml: "name: sample\nlayers: [flatten, {dense: classes}]", source: "x"),
      Shape(channels: 2, height: 6, width: 6), classCount: 3)
  }

  @Test func holdsEveryNumber() throws {
    let network = QuantizedNetwork.sample()
    let file = try TFLiteFile(model.tflite(network, .logits))
    for (index, step) in network.steps.enumerated() where step.operation != .flatten {
      let isLast = index == network.steps.count - 1
      let tensor = try file.named(isLast ? "logits" : step.name)
      let value = network.output(of: index)
      #expect(tensor.type == .int8 && tensor.scales == [value.scale], "\(step.name)")
      #expect(tensor.zeroPoints == [Int64(value.zeroPoint)], "\(step.name)")
      #expect(tensor.shape.reduce(1, *) == value.shape.count, "\(step.name)")
      if let weights = step.operation.weights {
        try check(file, step.name, weights, network.values[step.inputs[0]])
      }
    }
    let input = file.tensors[file.input]
    #expect(input.type == .int8 && input.shape == [1, 6, 6, 2] && input.zeroPoints == [-95])
  }

  private func check(
    _ file: TFLiteFile, _ name: String, _ weights: QuantizedWeights, _ input: QuantizedValue
  ) throws {
    let kernel = try file.named("\(name)_weight")
    #expect(kernel.type == .int8 && kernel.values() == weights.values)
    #expect(kernel.shape == weights.shape && kernel.scales == weights.scales)
    #expect(kernel.zeroPoints == weights.scales.map { _ in 0 })
    #expect(kernel.dimension == (weights.shape[0] == 1 ? 3 : 0))
    let bias = try file.named("\(name)_bias")
    #expect(bias.type == .int32 && bias.values() == weights.bias)
    #expect(bias.scales == weights.scales.map { input.scale * $0 } && bias.dimension == 0)
  }

  @Test func operatorsAndVersionsAreThoseForInt8() throws {
    let file = try TFLiteFile(model.tflite(.sample()))
    let found = file.operators.map { "\($0.code) \($0.version)" }
    #expect(
      found == [
        "conv2D 3", "pad 2", "depthwiseConv2D 3", "padV2 2", "maxPool2D 2", "add 2", "leakyRelu 1",
        "conv2D 6", "concatenation 2", "relu6 2", "mean 2", "mul 2", "averagePool2D 2", "reshape 1",
        "quantize 1", "fullyConnected 4", "softmax 2",
      ])
    let output = file.tensors[file.output]
    #expect(output.scales == [1 / 256] && output.zeroPoints == [-128])
    let lowest = try file.named("conv1_lowest")
    #expect(lowest.values() == [Int8.min] && lowest.scales == [0.01])
    let mean = try file.only(.mean)
    #expect(file.tensors[mean.inputs[1]].values() == [Int32(1), 2])
    #expect(try mean.options?.number(0, or: UInt8(0)) == 1)
    #expect(file.metadata["class_names"] == #"["0","1","2"]"#)
  }

  @Test func refusesAnAverageThatCannotBeWritten() {
    #expect {
      try model.tflite(.sample(averagePadding: 1))
    } throws: { error in
      guard let failure = error as? Failure else { return false }
      return failure.kind == .badData && failure.message.hasPrefix("averagePool11: ")
    }
  }
}
