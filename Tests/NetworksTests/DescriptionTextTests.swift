// How a description looks when it is written, and what the article shows of the grammar.

import Foundation
import Testing

@testable import PTrainNetworks

@Suite struct PrintedDescriptionTests {
  @Test func listsAreOneItemALine() throws {
    let model = ModelDescription(
      name: "m",
      layers: [
        .conv(Convolution(16)), .conv(Convolution(8, kernel: Extents(3, 1), padding: .same)),
        .residual([.conv(Convolution(8, padding: 1)), .batchNorm]),
        .residual([.silu], shortcut: [.depthwise(Depthwise(1))]),
        .concat([[.maxPool(3, stride: 1, padding: 1), .repeat(2, [.relu])], []]),
        .scale([.globalMaxPool]),
      ])
    let text = """
      name: m
      layers:
        - conv: 16
        - conv: {filters: 8, kernel: [3, 1], padding: same}
        - residual:
            - conv: {filters: 8, kernel: 3, padding: 1}
            - batchNorm
        - residual:
            body:
              - silu
            shortcut:
              - depthwise: 1
        - concat:
            - - maxPool: {size: 3, stride: 1, padding: 1}
              - repeat:
                  times: 2
                  layers:
                    - relu
            - []
        - scale:
            - globalMaxPool
      recipe:
      """
    #expect(model.yamlText.hasPrefix(text), "\(model.yamlText)")
    #expect(try ModelDescription.parse(yaml: model.yamlText, source: "m") == model)
  }
}

@Suite struct DocumentationTests {
  private static func article() throws -> String {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    return try String(
      contentsOf: root.appending(path: "Sources/Networks/Networks.docc/Descriptions.md"),
      encoding: .utf8)
  }

  /// What is shown fits an image; that it trains is shown where the engine is tested.
  @Test func examplesOfTheArticleAreNetworks() throws {
    let parts = try Self.article().components(separatedBy: "```yaml\n").dropFirst()
    #expect(parts.count == 2)
    for part in parts {
      let yaml = try #require(part.components(separatedBy: "```").first)
      let model = try ModelDescription.parse(yaml: yaml, source: "article")
      _ = try Network(
        description: model, input: Shape(channels: 1, height: 28, width: 28), classCount: 10)
    }
  }

  /// The article names every kind and key, and its last example has every key that fits its optimizer.
  @Test func theArticleIsComplete() throws {
    let article = try Self.article()
    let yaml = try #require(
      article.components(separatedBy: "```yaml\n").last?.components(separatedBy: "```").first)
    for grammar in LayerGrammar.all {
      for word in [grammar.kind] + grammar.keyNames {
        #expect(article.contains("`\(word)`"), "\(word)")
      }
    }
    for key in Recipe.knownKeys {
      #expect(article.contains("`\(key)`"))
      #expect(key.hasPrefix("step") || yaml.contains("  \(key): "))
    }
  }
}
