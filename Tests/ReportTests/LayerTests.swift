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
  private static let places: [(file: String, pattern: String, what: String)] = [
    ("Sources/Networks/Networks.docc/Descriptions.md", "`WORD`", "a row of its table"),
    ("Sources/Networks/Networks.docc/Resources/description.schema.json", "\"WORD\"", "the schema"),
    ("Bench/models.py", "\"WORD\"", "its twin in PyTorch"),
  ]

  private static let activationPlaces: [(file: String, pattern: String, what: String)] = [
    ("Bench/twins.py", "\"WORD\"", "a place in networks drawn at random for PyTorch"),
    ("Sources/Interchange/Interchange.docc/Interchange.md", "`WORD`", "its ONNX operators"),
    ("Sources/Report/Page/network.js", "\n  WORD[:,]", "its formula for pages"),
    ("Tests/KernelsTests/FunctionTests.swift", "\\.WORD\\b", "a test of its kernel"),
    ("Tests/EngineTests/RandomNetworks.swift", "\\.WORD\\b", "a place in networks drawn at random"),
  ]

  @Test(arguments: all) func isComplete(layer: Layer) throws {
    let word = layer.kind
    var places = Self.places
    if case .activation = layer { places += Self.activationPlaces }
    for place in places {
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
        #expect(error < 1e-4, "`\(word)`, fusion \(fusion): gradient of \(name)")
      }
    }
  }

  /// Every export has something for it.
  @Test(arguments: all) func isExported(layer: Layer) throws {
    let network = try Self.network(layer)
    let model = TrainedModel(
      network: network, state: .initial(network: network, seed: 3),
      normalization: Normalization(mean: 0.5, standardDeviation: 0.3),
      classNames: ["a", "b", "c"])
    #expect(try !model.onnx().isEmpty)
    #expect(model.cProgram(name: "m", headerFile: "m.h").source.contains("m_predict"))
    #expect(!ModelSummary(network).rows.isEmpty)
    #expect(!TorchCode(model).lines.isEmpty)
  }

  private static func network(_ layer: Layer) throws -> Network {
    try Network(
      description: description(layer), input: Shape(channels: 1, height: 6, width: 6),
      classCount: 3)
  }
}
