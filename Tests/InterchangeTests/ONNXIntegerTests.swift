// ONNX graphs of 8-bit integers compute what the integer interpreter computes, but for roundings.

import PTrainArtifacts
import PTrainDatasets
import PTrainNetworks
import Testing

@testable import PTrainInterchange

@Suite struct ONNXIntegerTests {
  /// In numbers of the logits: what roundings of a dozen layers without training leave in the mean of an
  /// image, and at most.
  private static let limits = (mean: 2.0, largest: 8.0)

  private func graph(
    _ model: TrainedModel, _ network: QuantizedNetwork, normalizes: Bool
  ) throws -> Onnx_GraphProto {
    var options = ONNXOptions()
    options.normalizes = normalizes
    return try Onnx_ModelProto(serializedBytes: model.onnx(network, options)).graph
  }

  @Test(arguments: [1, 3])
  func computesWhatTheIntegersAre(channels: Int) throws {
    let input = Shape(channels: channels, height: 13, width: 12)
    let model = try QuantizedSample.model(input)
    let network = try QuantizedSample.quantized(model)
    let images = try QuantizedSample.images(input, count: 3)
    let interpreter = IntegerInterpreter(network)
    let form = network.values.last!
    let pixels = input.height * input.width
    for normalizes in [false, true] {
      let graph = try graph(model, network, normalizes: normalizes)
      for index in 0..<images.count {
        let expected = images.withImage(index) { interpreter.values(of: $0).last! }
        let bytes = images.withImage(index) { Array($0) }
        let planes = (0..<input.count).map { place in
          let (channel, pixel) = place.quotientAndRemainder(dividingBy: pixels)
          let byte = Float(bytes[pixel * channels + channel])
          return Double(normalizes ? byte : model.normalization.input(byte, channel: channel))
        }
        let found = try ONNXRun.logits(graph, input: planes, shape: input)
        let distances = zip(found, expected).map { real, integer in
          abs(real / Double(form.scale) + Double(form.zeroPoint) - Double(integer))
        }
        #expect(distances.max()! <= Self.limits.largest, "\(index) \(normalizes)")
        #expect(distances.reduce(0, +) / 5 <= Self.limits.mean, "\(index) \(normalizes)")
      }
    }
  }

  @Test func operationsStandBetweenIntegers() throws {
    let model = try QuantizedSample.model(Shape(channels: 1, height: 13, width: 12))
    let network = try QuantizedSample.quantized(model)
    let graph = try graph(model, network, normalizes: true)
    let makers = Dictionary(uniqueKeysWithValues: graph.node.map { ($0.output[0], $0) })
    for node in graph.node where ["Conv", "Gemm", "Add", "Mul"].contains(node.opType) {
      #expect(node.input.allSatisfy { makers[$0]?.opType == "DequantizeLinear" }, "\(node.name)")
    }
    for tensor in graph.initializer where tensor.name.hasSuffix(".bias") {
      #expect(tensor.dataType == 6, "biases are int32")
    }
    let weights = graph.initializer.filter { $0.name.hasSuffix(".weight") }
    #expect(weights.count == network.steps.count { $0.operation.weights != nil })
    #expect(weights.allSatisfy { $0.dataType == 3 }, "weights are int8")
    #expect(graph.node.first?.opType == "QuantizeLinear")
    #expect(graph.node.last?.opType == "DequantizeLinear")
  }
}
