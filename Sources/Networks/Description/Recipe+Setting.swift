// Keys of a recipe set one by one, as text: each value is what a description file would have there.

import PTrainDiagnostics
import Yams

/// `key=value`, for a key of a recipe and its value as YAML.
package struct RecipeSetting: Equatable, Sendable {
  package var key: String
  package var value: String

  /// Nil for a text without `=`, without a key of letters, or with a line break.
  package init?(_ text: String) {
    guard let mark = text.firstIndex(of: "="), mark > text.startIndex,
      text[..<mark].allSatisfy({ $0.isASCII && $0.isLetter }),
      !text.contains(where: \.isNewline)
    else { return nil }
    key = String(text[..<mark])
    value = String(text[text.index(after: mark)...])
  }

  package var text: String { "\(key)=\(value)" }
}

extension Recipe {
  /// Changes the optimizer and, since no rate suits all, the learning rate to one that is common.
  package mutating func change(optimizer: Optimizer) {
    guard optimizer != self.optimizer else { return }
    self.optimizer = optimizer
    learningRate = optimizer.usualLearningRate
  }

  /// The recipe with keys set; all at once, so that their order does not matter.
  ///
  /// Throws `usage`, naming the setting, for what a description file would be refused for.
  package func setting(_ settings: [RecipeSetting]) throws(Failure) -> Recipe {
    guard !settings.isEmpty else { return self }
    for (index, setting) in settings.enumerated()
    where settings[..<index].contains(where: { $0.key == setting.key }) {
      throw Failure(.usage, "\(setting.text): `\(setting.key)` is set twice")
    }
    do {
      let text = settings.map { "\($0.key): \($0.value)\n" }.joined()
      let given = try DescriptionReader.node(text, source: "the value")
      guard let pairs = given.mapping else { throw Failure(.badData, "no value of a recipe") }
      let node = Yams.Node((base(for: settings) + Array(pairs)).map { ($0.key, $0.value) })
      return try YAMLDecoder().decode(Recipe.self, from: node)
    } catch let error as DecodingError {
      let context = error.context
      let setting = settings.first { $0.key == context.codingPath.first?.stringValue }
      throw Failure(.usage, "\((setting ?? settings[0]).text): \(context.debugDescription)")
    } catch {
      throw Failure(.usage, "\(settings.map(\.text).joined(separator: " ")): \(error)")
    }
  }

  /// What stays of the recipe: neither what is set nor what is idle beside it.
  private func base(for settings: [RecipeSetting]) -> [(key: Yams.Node, value: Yams.Node)] {
    var recipe = self
    if let name = settings.first(where: { $0.key == "optimizer" })?.value,
      let optimizer = Optimizer(rawValue: name)
    {
      recipe.change(optimizer: optimizer)
    }
    if let name = settings.first(where: { $0.key == "schedule" })?.value,
      let schedule = Schedule(rawValue: name)
    {
      recipe.schedule = schedule
    }
    if let name = settings.first(where: { $0.key == "quantize" })?.value,
      let quantization = Quantization(rawValue: name)
    {
      recipe.quantize = quantization
    }
    let node = try? DescriptionReader.node(recipe.form.flowText, source: "")
    let set = Set(settings.map(\.key))
    return (node?.mapping.map { Array($0) } ?? []).filter { !set.contains($0.key.string ?? "") }
  }
}
