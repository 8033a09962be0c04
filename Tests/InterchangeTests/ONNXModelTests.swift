// Exported graphs compute what the network computes, folded or not, normalised inside or not.

import PTrainArtifacts
import PTrainDatasets
import PTrainMemory
import PTrainNetworks
import Testing

@testable import PTrainInterchange

/// A network of 12 x 12 pixels and 4 classes.
private func model(_ description: ModelDescription, channels: Int = 1) throws -> TrainedModel {
  try .sample(description, Shape(channels: channels, height: 12, width: 12), classCount: 4)
}

private let described = """
  name: described
  layers:
    - conv: {filters: 3, kernel: 5, stride: 2, padding: 2}
    - relu
    - batchNorm
    - conv: {filters: 4, kernel: 1, bias: false}
    - batchNorm
    - relu
    - dropout: 0.1
    - conv: {filters: 5, kernel: 3}
    - relu
    - batchNorm
    - maxPool: 2
    - conv: {filters: 3, kernel: 2, padding: 1, bias: false}
    - relu
    - globalAveragePool
    - dense: {features: 6, bias: false}
    - relu
    - batchNorm
    - dense: classes
  """

/// Every place where an activation may stand, with sigmoids.
private let sigmoids = """
  name: sigmoids
  layers:
    - conv: {filters: 3, kernel: 3}
    - sigmoid
    - batchNorm
    - maxPool: 2
    - conv: {filters: 5, kernel: 3, padding: 1, bias: false}
    - batchNorm
    - sigmoid
    - globalAveragePool
    - dense: {features: 6, bias: true}
    - sigmoid
    - dense: classes
  """

/// A vector without a pooling layer.
private let bare = """
  name: bare
  layers:
    - conv: {filters: 3, kernel: 3, padding: 1}
    - relu
    - batchNorm
    - conv: {filters: 4, kernel: 12}
    - relu
    - batchNorm
    - dense: classes
  """

/// Two readers, branches, factors of both ranks, every window and every function.
private let graphs = """
  name: graphs
  layers:
    - conv: {filters: 4, kernel: [3, 2], stride: [1, 2], padding: same, bias: false}
    - batchNorm: {epsilon: 0.01}
    - residual:
        body:
          - depthwise: {kernel: 3, padding: 1, multiplier: 2}
          - batchNorm
          - silu
          - conv: {filters: 4, kernel: 1, groups: 2}
          - batchNorm
    - gelu
    - concat:
        - - conv: {filters: 3, dilation: 2, padding: 2}
          - hardSwish
        - - maxPool: {size: 3, stride: 1, padding: 1}
          - leakyRelu: 0.2
        - []
    - scale:
        - globalAveragePool
        - dense: 5
        - tanh
        - dense: 11
        - sigmoid
    - averagePool: {size: 3, stride: 2, padding: same}
    - scale: [globalMaxPool, relu6]
    - batchNorm
    - conv: {filters: 22, kernel: 1, groups: 11}
    - concat: [[globalMaxPool], [flatten, {dense: 3}]]
    - flatten
    - dense: classes
  """

@Suite struct ONNXModelTests {
  static let descriptions: [String: ModelDescription] = [
    "eva8": try! .preset(named: "eva8"), "compact": try! .preset(named: "compact"),
    "described": try! .parse(yaml: described, source: "x"),
    "bare": try! .parse(yaml: bare, source: "x"),
    "sigmoids": try! .parse(yaml: sigmoids, source: "x"),
    "graphs": try! .parse(yaml: graphs, source: "x"),
    "lenet5": try! .preset(named: "lenet5"), "resnet8": try! .preset(named: "resnet8"),
  ]
  /// 3 images of grey values, in as many planes.
  private func greys(channels: Int) -> [Double] {
    (0..<3 * channels * 144).map { Double($0 * 89 % 256) }
  }

  private func file(
    _ model: TrainedModel, folds: Bool = false, normalizes: Bool = false
  ) throws -> Onnx_ModelProto {
    var options = ONNXOptions()
    (options.foldsBatchNorm, options.normalizes) = (folds, normalizes)
    return try Onnx_ModelProto(serializedBytes: model.onnx(options))
  }

  @Test(arguments: descriptions.keys.sorted(), [false, true])
  func computesWhatTheNetworkComputes(name: String, folds: Bool) throws {
    for channels in [1, 3] { try checkLogits(name, folds: folds, channels: channels) }
  }

  private func checkLogits(_ name: String, folds: Bool, channels: Int) throws {
    let model = try model(#require(Self.descriptions[name]), channels: channels)
    let greys = greys(channels: channels)
    let (mean, deviation) = (
      Double(model.normalization.means[0]), Double(model.normalization.standardDeviations[0])
    )
    let normalized = greys.map { ($0 / 255 - mean) / deviation }
    let expected = ReferenceNetwork<Double>(network: model.network, state: model.state)
      .forward(normalized, mode: .evaluation).output
    let limit = 1e-6 * expected.map(abs).max()!
    for (normalizes, input) in [(false, normalized), (true, greys)] {
      let graph = try file(model, folds: folds, normalizes: normalizes).graph
      let found = try ONNXRun.logits(graph, input: input, shape: model.network.input)
      #expect(found.count == expected.count)
      #expect(zip(found, expected).allSatisfy { abs($0 - $1) <= limit }, "\(normalizes)")
    }
  }

  @Test(arguments: [
    "eva8": 1, "compact": 0, "described": 1, "bare": 0, "sigmoids": 1, "graphs": 0, "resnet8": 0,
  ])
  func foldsWhereThatIsExact(name: String, left: Int) throws {
    let model = try model(#require(Self.descriptions[name]))
    let nodes = try file(model, folds: true).graph.node
    #expect(nodes.filter { $0.opType == "BatchNormalization" }.count == left)
  }

  @Test func writesASigmoidForEachOne() throws {
    let nodes = try file(model(#require(Self.descriptions["sigmoids"]))).graph.node
    #expect(nodes.filter { $0.opType == "Sigmoid" }.count == 3)
  }

  @Test func declaresOpenBatchesAndWhatItIs() throws {
    let model = try model(.preset(named: "eva8"))
    let file = try file(model)
    #expect(file.irVersion == 8)
    #expect(file.opsetImport.map(\.version) == [17])
    for (value, name, shape) in [
      (file.graph.input, "input", [1, 12, 12]), (file.graph.output, "logits", [4]),
    ] {
      let dimensions = try #require(value.first).type.tensorType.shape.dim
      #expect(value.map(\.name) == [name])
      #expect(dimensions.map(\.dimParam) == ["N"] + shape.map { _ in "" })
      #expect(dimensions.dropFirst().map(\.dimValue) == shape.map(Int64.init))
    }
    #expect(!file.graph.node.contains { $0.opType == "Dropout" })
    let metadata = Dictionary(
      uniqueKeysWithValues: file.metadataProps.map { ($0.key, $0.value) })
    #expect(metadata["normalization.mean"] == "0.1307")
    #expect(metadata["description"]?.contains("name: eva8") == true)
  }
}
