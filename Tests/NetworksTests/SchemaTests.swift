// The committed JSON Schema is the one that the tables print, and knows every key.

import Foundation
import Testing

@testable import PTrainNetworks

@Suite struct SchemaTests {
  /// `PTRAIN_WRITE_SCHEMA=1 Scripts/test --filter SchemaTests` writes the file anew.
  @Test func theFileIsUpToDate() throws {
    let file = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
      .appending(path: "Sources/Networks/Networks.docc/Resources/description.schema.json")
    if ProcessInfo.processInfo.environment["PTRAIN_WRITE_SCHEMA"] != nil {
      try Data(ModelDescription.jsonSchema.utf8).write(to: file)
    }
    #expect(try String(contentsOf: file, encoding: .utf8) == ModelDescription.jsonSchema)
  }

  private func branches() throws -> [[String: Any]] {
    let schema = try JSONSerialization.jsonObject(with: Data(ModelDescription.jsonSchema.utf8))
    let definitions = try #require((schema as? [String: Any])?["$defs"] as? [String: Any])
    return try #require((definitions["layer"] as? [String: Any])?["oneOf"] as? [[String: Any]])
  }

  /// What the table calls a word is one for the reader, and what it gives keys takes them.
  @Test func theTableIsTheReaders() throws {
    let branches = try branches()
    let words = try #require(branches.first?["enum"] as? [String])
    let keyed = branches.compactMap { ($0["required"] as? [String])?.first }
    #expect(Set(words).union(keyed) == Set(Layer.kinds))
    for kind in Layer.kinds {
      let word = try? ModelDescription.parse(yaml: "name: m\nlayers: [\(kind)]", source: "m")
      #expect((word != nil) == words.contains(kind), "\(kind)")
      let grammar = try #require(LayerGrammar.all.first { $0.kind == kind })
      if grammar.example.isEmpty { continue }
      let yaml = "name: m\nlayers:\n  - \(grammar.example)\n"
      #expect(try ModelDescription.parse(yaml: yaml, source: "m").layers.map(\.kind) == [kind])
    }
  }

  /// Every pair of a key and a layer that has it reads, and no other key does.
  @Test func everyKeyOfTheTableIsRead() throws {
    let values = [
      "filters": "8", "kernel": "[3, 5]", "stride": "2", "padding": "same", "groups": "2",
      "dilation": "2", "bias": "false", "multiplier": "2", "momentum": "0.2", "epsilon": "0.1",
      "size": "3", "features": "classes", "body": "[relu]", "shortcut": "[tanh]", "times": "2",
      "layers": "[relu]",
    ]
    for grammar in LayerGrammar.all where !grammar.keys.isEmpty {
      let pairs = try grammar.keys.map { "\($0.name): \(try #require(values[$0.name]))" }
      func read(_ pairs: [String]) throws -> ModelDescription {
        let map = "{" + pairs.joined(separator: ", ") + "}"
        return try .parse(yaml: "name: m\nlayers:\n  - \(grammar.kind): \(map)\n", source: "m")
      }
      let whole = try read(pairs)
      #expect(throws: (any Error).self) { try read(pairs + ["slope: 1"]) }
      for (index, key) in grammar.keys.enumerated() {
        let others = pairs.enumerated().filter { $0.offset != index }.map(\.element)
        // Each key acts: without it the layer is another, or none.
        #expect((try? read(others)) != whole, "\(grammar.kind) \(key.name)")
        #expect(((try? read(others)) == nil) == key.isRequired, "\(grammar.kind) \(key.name)")
      }
    }
  }

  @Test func dependentKeysAreThoseThatTheReaderRefuses() throws {
    for (key, value, keys) in Recipe.dependentKeys {
      for dependent in keys {
        func read(_ lines: String) throws -> ModelDescription {
          try .parse(yaml: "name: m\nlayers: [relu]\nrecipe: {\(lines)}\n", source: "m")
        }
        let pair =
          "\(dependent): \(dependent == "nesterov" ? "true" : dependent.hasSuffix("Epochs") ? "3" : "0.5")"
        _ = try read("\(key): \(value), \(pair)")
        #expect(throws: (any Error).self, "\(dependent)") { try read(pair) }
      }
    }
  }
}
