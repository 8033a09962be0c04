// Whatever is accepted reads back: a description that is written and read again is the same, over names
// that YAML takes for something else and over numbers to their last bit.

import Foundation
import PTrainDiagnostics
import PTrainMemory
import Testing

@testable import PTrainNetworks

/// Draws descriptions; the same seed draws the same ones.
private struct DescriptionGenerator {
  private var sequence: RandomSequence

  init(seed: UInt64) {
    sequence = RandomSequence(RandomStream(seed: seed, purpose: .shuffle))
  }

  mutating func chance(_ percent: UInt32) -> Bool { sequence.next(below: 100) < percent }

  mutating func integer(_ range: ClosedRange<Int>) -> Int {
    // Half of all draws lie at an end, where limits are.
    switch sequence.next(below: 4) {
    case 0: range.lowerBound
    case 1: range.upperBound
    default: range.lowerBound + Int(sequence.next(below: UInt32(range.count)))
    }
  }

  /// Any digits, over all orders of magnitude that the range has.
  mutating func number(_ range: ClosedRange<Double>) -> Double {
    let (low, high) = (range.lowerBound, range.upperBound)
    let part = (Double(sequence.next()) + Double(sequence.next()) / 0x1p32) / 0x1p32
    switch sequence.next(below: 6) {
    case 0: return low
    case 1: return high
    case 2: return min(high, max(low, Double(Int(high * part))))
    case 3: return min(high, max(low, exp2(-40 * part) * high))
    case 4: return min(high, max(low, low.nextUp))
    default: return min(high, max(low, low + part * (high - low)))
    }
  }

  mutating func element<Element>(_ choices: [Element]) -> Element {
    choices[Int(sequence.next(below: UInt32(choices.count)))]
  }

  /// `length` characters of `alphabet`.
  mutating func text(of alphabet: [Character], length: ClosedRange<Int>) -> String {
    String((0..<integer(length)).map { _ in element(alphabet) })
  }

  /// A layer with at most `depth` lists around its innermost one.
  mutating func layer(depth: Int = 3) -> Layer {
    switch sequence.next(below: depth > 0 ? 14 : 10) {
    case 0: return .conv(convolution())
    case 1:
      let kernel = extents(LayerLimits.kernel)
      return .depthwise(
        Depthwise(
          kernel, stride: chance(50) ? 1 : extents(LayerLimits.kernel), padding: padding(kernel),
          multiplier: integer(LayerLimits.multiplier), bias: chance(50)))
    case 2, 3:
      let size = extents(LayerLimits.kernel)
      return .pool(
        Pooling(
          chance(50) ? .maximum : .average, size,
          stride: chance(50) ? nil : extents(LayerLimits.kernel), padding: padding(size)))
    case 4: return .dropout(rate: number(LayerLimits.dropoutRate))
    case 5:
      return .dense(features: chance(30) ? nil : integer(LayerLimits.filters), bias: chance(50))
    case 6:
      return .batchNorm(
        BatchNormalization(
          momentum: number(LayerLimits.momentum), epsilon: number(LayerLimits.epsilon)))
    case 7: return .leakyRelu(number(LayerLimits.slope))
    case 8: return .activation(element(Activation.plain))
    case 9: return element([.batchNorm, .globalAveragePool, .globalMaxPool, .flatten])
    case 10:
      return .residual(list(depth), shortcut: chance(50) ? [] : list(depth))
    case 11: return .concat((0..<integer(2...4)).map { _ in chance(20) ? [] : list(depth) })
    case 12: return .scale(list(depth))
    default: return .repeat(integer(1...4), list(depth))
    }
  }

  private mutating func list(_ depth: Int) -> [Layer] {
    (0..<integer(1...3)).map { _ in layer(depth: depth - 1) }
  }

  private mutating func convolution() -> Convolution {
    var conv = Convolution(integer(LayerLimits.filters))
    if chance(30) { return conv }
    conv.kernel = extents(LayerLimits.kernel)
    conv.stride = extents(LayerLimits.kernel)
    conv.padding = padding(conv.kernel)
    conv.groups = chance(50) ? 1 : integer(LayerLimits.filters)
    conv.dilation = chance(50) ? 1 : integer(LayerLimits.kernel)
    conv.bias = chance(50)
    return conv
  }

  private mutating func extents(_ range: ClosedRange<Int>) -> Extents {
    chance(50) ? Extents(integer(range)) : Extents(integer(range), integer(range))
  }

  private mutating func padding(_ kernel: Extents) -> LayerPadding {
    if chance(30) { return .same }
    return .sides(Extents(integer(0...kernel.height - 1), integer(0...kernel.width - 1)))
  }

  /// Keys that the optimizer or the schedule would ignore are refused, and so never written.
  mutating func recipe() -> Recipe {
    var recipe = Recipe()
    recipe.epochs = integer(RecipeLimits.epochs)
    recipe.batchSize = integer(RecipeLimits.batchSize)
    recipe.optimizer = element(Recipe.Optimizer.allCases)
    recipe.schedule = element(Recipe.Schedule.allCases)
    recipe.learningRate = number(RecipeLimits.learningRate)
    if recipe.optimizer == .sgd {
      recipe.momentum = number(RecipeLimits.momentum)
      recipe.nesterov = recipe.momentum > 0 && chance(50)
    }
    if recipe.schedule == .step {
      recipe.stepEpochs = integer(RecipeLimits.stepEpochs)
      recipe.stepFactor = number(RecipeLimits.stepFactor)
    }
    if recipe.schedule == .oneCycle { recipe.warmUp = number(RecipeLimits.warmUp) }
    recipe.weightDecay = number(RecipeLimits.weightDecay)
    recipe.labelSmoothing = number(RecipeLimits.labelSmoothing)
    recipe.averageDecay = number(RecipeLimits.averageDecay)
    if chance(30) { recipe.biasRate = number(RecipeLimits.biasRate) }
    recipe.initialization = element(Recipe.Initialization.allCases)
    if chance(30) { recipe.whiten = number(RecipeLimits.whiten) }
    if chance(30) { recipe.freeze = integer(RecipeLimits.freeze) }
    if chance(30) {
      recipe.quantize = .int8
      recipe.quantizeEpochs = integer(RecipeLimits.quantizeEpochs)
    }
    if chance(30) { recipe.classWeights = .balanced }
    if chance(30) {
      let names = ["cat", "3", "a, b: {c}", "\"'\\", "yes", "", " é 🐈\n\t", "~", "- x", "#"]
      let chosen = names.filter { _ in chance(40) }
      recipe.classWeights = .named(
        .init(uniqueKeysWithValues: chosen.map { ($0, number(RecipeLimits.classWeight)) }))
    }
    var steps: [Augmentation] = []
    if chance(50) { steps.append(.affine(affine())) }
    if chance(30) {
      var flip = FlipAugmentation()
      flip.isAlternating = chance(50)
      steps.append(.flip(flip))
    }
    if chance(30) { steps.append(.crop(integer(RecipeLimits.crop))) }
    if chance(30) { steps.append(.cutout(integer(RecipeLimits.cutout))) }
    if chance(30) { steps.append(.color(color())) }
    if chance(30) {
      let (mixup, cutmix) = (number(RecipeLimits.mixup), number(RecipeLimits.cutmix))
      steps.append(chance(50) ? .mixup(mixup) : .cutmix(cutmix))
    }
    // In any order.
    if chance(50) { steps.reverse() }
    recipe.augment = steps
    return recipe
  }

  private mutating func color() -> ColorAugmentation {
    var color = ColorAugmentation()
    color.brightness = number(RecipeLimits.color)
    color.contrast = number(RecipeLimits.color)
    color.saturation = number(RecipeLimits.color)
    return color
  }

  private mutating func affine() -> AffineAugmentation {
    var affine = AffineAugmentation()
    affine.rotationDegrees = number(RecipeLimits.rotationDegrees)
    affine.scale = number(RecipeLimits.scale)
    affine.shear = number(RecipeLimits.shear)
    affine.shiftPixels = number(RecipeLimits.shiftPixels)
    return affine
  }

  mutating func layers() -> [Layer] { (0..<integer(1...6)).map { _ in layer() } }
}

@Suite struct DescriptionIdentityTests {
  /// Words and signs that YAML 1.1 or 1.2 reads as something else than themselves.
  static let names = [
    "-", "--", "---", "-.", "null", "Null", "NULL", "true", "True", "TRUE", "false", "yes",
    "Yes", "no", "NO", "on", "On", "off", "OFF", "y", "Y", "n", "N", "1", "0", "-1", "007", "0o17",
    "0x10", "0b1", "1_000", "1e3", "1E3", "1.5", "1.", "-1.5e-3", "1-2", "2001-12-14", "12-30-45",
    "_", "__", "_1", "e", "E5", "nan", "NaN", "inf", "Infinity", "-inf", "-nan", "x", "A.b-c_d",
    "x-", "x.", "name", "layers", "relu", "none", "classes", String(repeating: "9", count: 64),
    String(repeating: "n", count: 64),
    // Refused however they are quoted.
    "", " ", "~", ".", "..", ".nan", ".inf", ".5", "a: b", "a:", ":", "1:4", "#x", "a #x", "a b",
    " a",
    "a ", "\"", "'", "a\"b", "it's", "\\", "a\nb", "\t", "[a]", "{a: b}", "&a", "*a", "!a", "|",
    ">", "%", "@", "`", "?", "? a", ",", "=", "<<", "+1", "../m", "a/b", "é", "名", "🙂", "a\u{301}",
    "\u{200B}", "\u{85}", "\u{2028}", "\u{0}", String(repeating: "n", count: 65),
  ]

  private func isSame(_ model: ModelDescription) throws -> Bool {
    let json = try JSONEncoder().encode(model)
    return try ModelDescription.parse(yaml: model.yamlText, source: "text") == model
      && JSONDecoder().decode(ModelDescription.self, from: json) == model
  }

  /// A name as JSON text, which is YAML between double quotes.
  private func quoted(_ name: String) throws -> String {
    String(decoding: try JSONEncoder().encode(name), as: UTF8.self)
  }

  /// Checks a name: written by us if it is valid, else refused in whatever form somebody writes it.
  private func check(_ name: String) throws {
    if ModelDescription.isValidName(name) {
      let model = ModelDescription(name: name, layers: [.relu])
      #expect(try isSame(model), "\(name)")
      let text = try ModelDescription.parse(
        yaml: "name: \(quoted(name))\nlayers: [relu]\n", source: "m.yaml")
      #expect(text == model, "\(name)")
    }
    for form in try [name, quoted(name), "'\(name.replacing("'", with: "''"))'"] {
      let yaml = "name: \(form)\nlayers: [relu]\n"
      do {
        let model = try ModelDescription.parse(yaml: yaml, source: "m.yaml")
        #expect(ModelDescription.isValidName(model.name), "\(yaml)")
        #expect(try isSame(model), "\(yaml)")
      } catch {
        #expect((error as? Failure)?.kind == .badData, "\(yaml)")
      }
    }
  }

  @Test(arguments: names) func namesReadBackAsThemselves(name: String) throws { try check(name) }

  @Test func invalidNamesAreRefused() throws {
    let first = try #require(Self.names.firstIndex(of: ""))
    for (index, name) in Self.names.enumerated() {
      #expect(ModelDescription.isValidName(name) == (index < first), "\(name)")
      guard index >= first else { continue }
      #expect(throws: Failure.self, "\(name)") {
        try ModelDescription.parse(
          yaml: "name: \(quoted(name))\nlayers: [relu]\n", source: "m.yaml")
      }
    }
  }

  @Test(arguments: 1...4 as ClosedRange<UInt64>) func drawnNamesReadBack(seed: UInt64) throws {
    var generator = DescriptionGenerator(seed: seed)
    let valid: [Character] = Array("-_.0123456789eExXoObBnNyYtTrRuUlLfFaAsS")
    let any = valid + Array(" :#'\"\\,[]{}&*!|>%@`?~=<+/é🙂\t\n\u{FEFF}")
    for _ in 0..<500 {
      try check(generator.text(of: valid, length: 1...6))
      try check(generator.text(of: any, length: 0...5))
    }
  }

  @Test(arguments: 1...4 as ClosedRange<UInt64>) func valuesReadBack(seed: UInt64) throws {
    var generator = DescriptionGenerator(seed: seed)
    let names = Self.names.filter(ModelDescription.isValidName)
    for _ in 0..<150 {
      let model = ModelDescription(
        name: generator.element(names), layers: generator.layers(), recipe: generator.recipe())
      try model.recipe.validate()
      #expect(try isSame(model), "\(model.yamlText)")
    }
  }

  @Test func theLongestListReadsBack() throws {
    var generator = DescriptionGenerator(seed: 9)
    let layers = (0..<LayerLimits.list.upperBound).map { _ in generator.layer(depth: 0) }
    #expect(try isSame(ModelDescription(name: "long", layers: layers)))
  }
}
