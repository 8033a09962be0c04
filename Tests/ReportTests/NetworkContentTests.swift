// The network inside a page: its steps, its weights, its limits.

import FoundationEssentials
import PTrainArtifacts
import PTrainDatasets
import PTrainInterchange
import PTrainNetworks
import Testing

@Suite struct NetworkContentTests {
  @Test func stepsAndWeightsAreThoseOfTheExports() throws {
    let run = try SampleRun()
    let network = try run.content().network
    let steps = run.model.inferenceSteps.foldingBatchNorm
    let written = try #require(network.steps)
    #expect(written.map(\.operation) == ["convolution", "activation", "globalPool", "dense"])
    #expect(written.map(\.value) == steps.map(\.value))
    #expect(written.map(\.inputs) == steps.map(\.inputs))
    let block = try #require(network.weights.flatMap { Data(base64Encoded: $0) })
    let values = block.withUnsafeBytes { Array($0.bindMemory(to: Float.self)) }
    guard case .dense(let dense) = steps[3].operation else { return #expect(Bool(false)) }
    let (weights, bias) = (try #require(written[3].weights), try #require(written[3].bias))
    #expect(Array(values[weights[0]..<weights[0] + weights[1]]) == dense.values)
    #expect(Array(values[bias[0]..<bias[0] + bias[1]]) == dense.bias)
    #expect(values.count == bias[0] + bias[1])
  }

  /// 2 MB of weights, pictures and all the rest: less than 3 MB.
  @Test func theLargestNetworkOfAPage() throws {
    let input = Shape(channels: 1, height: 28, width: 28)
    let below = try SampleRun(model("[flatten, {dense: 633}, {dense: classes}]", input: input))
    #expect(try below.content().network.weights != nil)
    #expect(try below.page().html.count < 2_900_000)
    let above = try SampleRun(model("[flatten, {dense: 635}, {dense: classes}]", input: input))
    let network = try above.content().network
    #expect(network.weights == nil)
    #expect(network.absence?.contains("2.0 MB, are more than the 2 MB") == true)
    #expect(try above.page().html.count < 200_000)
  }

  @Test func measurementsAreNotDrawn() throws {
    let bytes = try model(plainLayers)
    let floats = TrainedModel(
      network: bytes.network, state: bytes.state,
      normalization: Normalization(means: [0], standardDeviations: [1], pixelType: .float))
    #expect(try SampleRun(floats).content().network.absence?.contains("measurements") == true)
    let two = try model(plainLayers, input: Shape(channels: 2, height: 4, width: 4))
    #expect(try SampleRun(two).content().network.absence?.contains("2 channels") == true)
    #expect(try SampleRun(two).content().filters == nil)
  }
}
