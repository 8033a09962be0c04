// What each layer has in this package, and what a new one lacks: the checklist of the article AddALayer.
// It stands here since this is the lowest target that sees descriptions, engine, exports and pages.

import Foundation
import PTrainArtifacts
import PTrainDatasets
import PTrainEngine
import PTrainInterchange
import PTrainKernels
import Testing

@testable import PTrainNetworks
@testable import PTrainReport

@Suite struct LayerTests {
  /// Every kind, one behind the other: the compiler asks for a new one's place.
  private static func next(_ layer: Layer) -> Layer? {
    switch layer {
    case .conv: .depthwise(Depthwise(3, padding: 1))
    case .depthwise: .batchNorm
    case .batchNorm: .relu
    case .activation(let function): next(function).map(Layer.activation) ?? .maxPool(size: 2)
    case .pool(let pool): pool.kind == .maximum ? .averagePool(2) : .globalAveragePool
    case .globalPool(let kind): kind == .average ? .globalMaxPool : .flatten
    case .flatten: .dropout(rate: 0.25)
    case .dropout: .dense(Dense(5))
    case .dense: .residual([.relu])
    case .residual: .concat([[.relu], []])
    case .concat: .scale([.globalAveragePool, .sigmoid])
    case .scale: .repeat(2, [.relu])
    case .repeat: nil
    }
  }

  private static func next(_ function: Activation) -> Activation? {
    switch function {
    case .relu: .relu6
    case .relu6: .sigmoid
    case .sigmoid: .tanh
    case .tanh: .silu
    case .silu: .gelu
    case .gelu: .hardSwish
    case .hardSwish: .leakyRelu(slope: 0.25)
    case .leakyRelu: nil
    }
  }

  private static let all = Array(
    sequence(first: Layer.conv(Convolution(4, padding: 1)), next: next))

  /// A small network around a layer: dense ones and vectors where they fit.
  private static func description(_ layer: Layer) -> ModelDescription {
    let first = Layer.conv(Convolution(4, padding: 1))
    let stem = [first, .batchNorm]
    return switch layer {
    // A norm takes from the one before it all but rounding.
    case .batchNorm: .init(name: "m", layers: [first, layer, .globalAveragePool, .dense(.classes)])
    case .dense: .init(name: "m", layers: stem + [.globalAveragePool, layer, .dense(.classes)])
    case .globalPool, .flatten: .init(name: "m", layers: stem + [layer, .dense(.classes)])
    default: .init(name: "m", layers: stem + [layer, .globalAveragePool, .dense(.classes)])
    }
  }

  private static let root = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()

  /// Where a layer is named in a text: in a file, by a pattern with `WORD` for it.
  private struct Place {
    var file: String
    var pattern: String
    /// What is there.
    var what: String
    /// Layers that have nothing to be there.
    var others: Set<String> = []
  }

  /// A layer in a description's list.
  private static let inYAML = "[-\\[{,] ?\\{?WORD(:|\n|,|\\]|\\})"

  private static let places = [
    Place(
      file: "Sources/Networks/Networks.docc/Descriptions.md", pattern: "`WORD`",
      what: "a row of its table"),
    Place(
      file: "Sources/Networks/Networks.docc/Resources/description.schema.json",
      pattern: "\"WORD\"", what: "the schema"),
    Place(file: "Bench/models.py", pattern: "\"WORD\"", what: "its twin in PyTorch"),
    // Dropout is drawn by another generator there.
    Place(
      file: "Tests/NetworksTests/Golden/make_graph_golden.py", pattern: "\\bWORD\\b",
      what: "values of PyTorch's", others: ["dropout"]),
    Place(
      file: "Tests/NetworksTests/Golden/graphs.json", pattern: "\\bWORD\\b",
      what: "values of PyTorch's, by make_graph_golden.py", others: ["dropout"]),
    // What is written out or left out before a network is exported has nothing to be compared.
    Place(
      file: "Tests/InterchangeTests/CProgramTests.swift", pattern: inYAML,
      what: "a place in the network whose C and TensorFlow Lite are compared with the reference",
      others: ["dropout", "repeat"]),
    Place(
      file: "Tests/InterchangeTests/ONNXModelTests.swift", pattern: inYAML,
      what: "a place in the networks whose ONNX is compared with the reference",
      others: ["dropout", "repeat"]),
  ]

  private static let activationPlaces = [
    Place(
      file: "Sources/Networks/Reference/ReferenceActivation.swift", pattern: "\\.WORD\\b",
      what: "its formula in plain loops"),
    Place(
      file: "Sources/KernelTypes/GraphKernels.swift", pattern: "case .*\\bWORD\\b",
      what: "its name among the kernels"),
    Place(
      file: "Sources/KernelsBaseline/Vectors/Functions.swift", pattern: "\\.WORD\\b",
      what: "its kernel"),
    Place(
      file: "Sources/Interchange/ExportedActivation.swift",
      pattern: "(?s)\\.WORD\\b.*\\.WORD\\b.*\\.WORD\\b",
      what: "its operators in ONNX and TensorFlow Lite and its expression in C"),
    Place(
      file: "Bench/twins.py", pattern: "\"WORD\"",
      what: "a place in networks drawn at random for PyTorch"),
    Place(
      file: "Sources/Interchange/Interchange.docc/Interchange.md", pattern: "`WORD`",
      what: "its ONNX operators"),
    Place(
      file: "Sources/Report/Page/network.js", pattern: "\n  WORD[:,]",
      what: "its formula for pages"),
    Place(
      file: "Tests/KernelsTests/FunctionTests.swift", pattern: "\\.WORD\\b",
      what: "a test of its kernel"),
    Place(
      file: "Tests/EngineTests/RandomNetworks.swift", pattern: "\\.WORD\\b",
      what: "a place in networks drawn at random"),
  ]

  @Test(arguments: all) func isComplete(layer: Layer) throws {
    let word = layer.kind
    var places = Self.places
    if case .activation = layer { places += Self.activationPlaces }
    for place in places where !place.others.contains(word) {
      let text = try String(contentsOf: Self.root.appending(path: place.file), encoding: .utf8)
      let pattern = place.pattern.replacing("WORD", with: word)
      let isThere = text.range(of: pattern, options: .regularExpression) != nil
      #expect(isThere, "`\(word)` lacks \(place.what): \(place.file)")
    }
    #expect(
      LayerGrammar.all.contains { $0.kind == word },
      "`\(word)` lacks its grammar: Sources/Networks/Description/LayerGrammar.swift")
    let description = Self.description(layer)
    let read = try? ModelDescription.parse(yaml: description.yamlText, source: "m")
    #expect(
      read == description,
      "`\(word)` is not read as it is written: Layer+Form.swift and Layer+Coding.swift")
    #expect(layer.summary.hasPrefix(word), "`\(word)` has another name in messages")
  }

  /// The engine's gradient, fused and on basic stages, is the reference's.
  @Test(arguments: all) func trains(layer: Layer) throws {
    let word = layer.kind
    let network = try Self.network(layer)
    let set = try ImageSet(
      height: 6, width: 6,
      images: (0..<10 * 36).map { UInt8(truncatingIfNeeded: $0 &* 7919 &+ $0 / 36 &* 131) },
      labels: (0..<10).map { UInt16($0 % 3) })
    for fusion in [Fusion.full, .none] {
      let comparison = try ReferenceComparison(
        network, state: .initial(network: network, seed: 3), set: set,
        normalization: Normalization(mean: 0.5, standardDeviation: 0.3), order: Array(0..<10),
        fusion: fusion,
        configuration: EngineConfiguration(
          kernels: try KernelChoice.select(environment: [:]), threadCount: 2, cpuCount: 2))
      for (name, error) in comparison.gradientErrors() {
        #expect(
          error < 1e-4,
          "`\(word)`, fusion \(fusion): gradient of \(name) is not the reference's: Sources/Engine/Stages, or Sources/KernelsBaseline/Vectors/Functions.swift of an activation"
        )
      }
    }
  }

  /// Every export takes it; that its values are right is asked where they are computed: by `places`.
  @Test(arguments: all) func isExported(layer: Layer) throws {
    let network = try Self.network(layer)
    let model = TrainedModel(
      network: network, state: .initial(network: network, seed: 3),
      normalization: Normalization(mean: 0.5, standardDeviation: 0.3),
      classNames: ["a", "b", "c"])
    #expect(try !model.onnx().isEmpty)
    #expect(model.cProgram(name: "m", headerFile: "m.h").source.contains("m_predict"))
    #expect(!model.tflite(.logits).isEmpty)
    #expect(!ModelSummary(network).rows.isEmpty)
    #expect(!TorchCode(model).lines.isEmpty)
  }

  private static func network(_ layer: Layer) throws -> Network {
    try Network(
      description: description(layer), input: Shape(channels: 1, height: 6, width: 6),
      classCount: 3)
  }
}
