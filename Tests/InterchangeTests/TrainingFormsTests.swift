// What training for 8-bit integers sees is what the quantiser makes of the network.

import PTrainArtifacts
import PTrainDatasets
import PTrainDiagnostics
import PTrainNetworks
import Testing

@testable import PTrainInterchange

@Suite struct TrainingFormsTests {
  private let input = Shape(channels: 3, height: 13, width: 12)

  /// Every value of the quantiser is some node's output, as the reference has it.
  @Test func valuesAreOutputsOfNodes() throws {
    // Padding would be off at the first layer's border.
    let layers = QuantizedSample.layers.replacing(
      "padding: 1}\n  - batchNorm\n  - leaky", with: "}\n  - batchNorm\n  - leaky")
    let model = try QuantizedSample.model(.parse(yaml: layers, source: "test"), input)
    let fused = try FusedNetwork(model)
    let images = try QuantizedSample.images(input, count: 1)
    let (values, pixels) = images.withImage(0) { image in
      (fused.values(of: image), image.map { Float($0) })
    }
    let plane = input.height * input.width
    let normalized = (0..<input.count).map { index in
      let (channel, pixel) = index.quotientAndRemainder(dividingBy: plane)
      return Double(
        model.normalization.input(pixels[pixel * input.channels + channel], channel: channel))
    }
    let outputs = ReferenceNetwork<Double>(network: model.network, state: model.state)
      .forward(normalized, mode: .evaluation).outputs
    #expect(fused.nodes.count == fused.steps.count + 1)
    #expect(Set(fused.nodes).count == fused.nodes.count)
    for (value, node) in zip(values, fused.nodes).dropFirst() {
      let expected = outputs[node]
      #expect(value.count == expected.count)
      let largest = expected.map(abs).max()!
      #expect(zip(value, expected).allSatisfy { abs(Double($0) - $1) < 1e-4 * largest })
    }
  }

  @Test func formsAreTheQuantizers() throws {
    let images = try QuantizedSample.images(input, count: 60)
    let dataset = try Dataset(name: "waves", training: images, test: images)
    let sample = try QuantizedSample.model(input)
    let network = sample.network
    let forms = try TrainingForms(network, dataset, threadCount: 2)(sample.state)
    let model = TrainedModel(
      network: network, state: sample.state, normalization: dataset.normalization,
      classNames: dataset.classNames)
    let quantized = try model.quantized(CalibrationImages(images, count: 500, threadCount: 1))
    var expected: [NumberForm] = []
    for (index, step) in quantized.steps.enumerated() {
      switch step.operation {
      case .pool(.maximum, _), .flatten, .concatenate: continue
      default: break
      }
      let value = quantized.output(of: index)
      expected.append(NumberForm(scale: value.scale, zeroPoint: value.zeroPoint))
    }
    #expect(forms.map(\.form) == expected)
    // The last value are the logits; each node has one form.
    #expect(forms.last?.node == network.graph.nodes.count - 1)
    #expect(Set(forms.map(\.node)).count == forms.count)
    #expect(network.quantizing(forms).graph.nodes.count == network.graph.nodes.count + forms.count)
  }

  @Test func whatIntegersCannotHoldIsRefusedBeforeTheRun() throws {
    let images = try QuantizedSample.images(input, count: 10)
    let dataset = try Dataset(name: "waves", training: images, test: images)
    let description = try ModelDescription.parse(
      yaml: "name: s\nlayers:\n  - conv: 4\n  - silu\n  - flatten\n  - dense: classes\n",
      source: "s.yaml")
    let network = try Network(description: description, input: input, classCount: 5)
    let error = #expect(throws: Failure.self) {
      try TrainingForms(network, dataset, threadCount: 1)
    }
    #expect(error?.message.contains("s.yaml:4") == true)
  }
}
