// Descriptions: presets, files, the text form and what untrusted YAML may not do.
// Each refusal is checked for its exit code, its line and the name of the key.

import Foundation
import PTrainDiagnostics
import Testing

@testable import PTrainNetworks

@Suite struct PresetTests {
  @Test func eva8HasItsLayers() throws {
    let model = try ModelDescription.preset(named: "eva8")
    #expect(
      model.layers == [
        .conv(filters: 64, kernel: 3, stride: 1, padding: 1, bias: true), .relu, .batchNorm,
        .maxPool(size: 2), .conv(filters: 32, kernel: 3, stride: 1, padding: 1, bias: true), .relu,
        .batchNorm, .globalAveragePool, .dropout(rate: 0.01), .dense(features: 12, bias: true),
        .dense(features: nil, bias: true),
      ])
    #expect(model.recipe.epochs == 19 && model.recipe.batchSize == 64)
    #expect(model.recipe.optimizer == .sgd && model.recipe.augment.isEmpty)
  }

  @Test func compactCarriesItsRecipe() throws {
    let recipe = try ModelDescription.preset(named: "compact").recipe
    #expect(recipe.epochs == 19 && recipe.batchSize == 64 && recipe.optimizer == .sgd)
    #expect(recipe.nesterov && recipe.momentum == 0.9 && recipe.weightDecay == 1e-4)
    #expect(recipe.schedule == .oneCycle && recipe.warmUp == 0.2 && recipe.learningRate == 0.3)
    #expect(recipe.augment == [.affine(AffineAugmentation())])
  }

  @Test(arguments: ModelDescription.presetNames)
  func textReadsBackEqual(name: String) throws {
    let model = try ModelDescription.preset(named: name)
    #expect(model.name == name)
    #expect(try ModelDescription.parse(yaml: model.yamlText, source: "text") == model)
    let json = try JSONEncoder().encode(model)
    #expect(try JSONDecoder().decode(ModelDescription.self, from: json) == model)
  }

  @Test func everyLayerAndKeyReadsBackEqual() throws {
    var recipe = Recipe()
    recipe.schedule = .step
    recipe.stepEpochs = 3
    recipe.stepFactor = 0.3
    recipe.labelSmoothing = 0.1
    recipe.averageDecay = 0.999
    recipe.biasRate = 64
    recipe.initialization = .dirac
    recipe.whiten = 0.0005
    recipe.weightDecay = 1e-05
    recipe.learningRate = 0.1 + 0.2
    recipe.augment = [.affine(AffineAugmentation())]
    let model = ModelDescription(
      name: "all",
      layers: [
        .conv(filters: 3, kernel: 5, stride: 2, padding: 2, bias: false), .sigmoid, .batchNorm,
        .relu, .maxPool(size: 3), .globalAveragePool, .dropout(rate: 0),
        .dense(features: 7, bias: false), .dense(features: nil, bias: false),
      ], recipe: recipe)
    #expect(try ModelDescription.parse(yaml: model.yamlText, source: "text") == model)
  }
}

@Suite struct OriginTests {
  /// A layer that does not fit is told with its line, however it is found out.
  @Test func sizesThatDoNotFitNameTheirLine() throws {
    let yaml = "name: m\nlayers:\n  - conv: {filters: 4, kernel: 3}\n\n  - maxPool: 99\n"
    let model = try ModelDescription.parse(yaml: yaml, source: "m.yaml")
    let failure = #expect(throws: Failure.self) {
      try Network(
        description: model, input: Shape(channels: 1, height: 28, width: 28), classCount: 10)
    }
    #expect(
      failure?.message
        == "m.yaml:5: layer 2 (maxPool 99): input 26x26 is smaller than the window")
  }

  @Test func anEndThatDoesNotFitNamesItsFile() throws {
    let model = try ModelDescription.parse(yaml: "name: m\nlayers: [relu]\n", source: "m.yaml")
    let failure = #expect(throws: Failure.self) {
      try Network(description: model, input: Shape(channels: 3), classCount: 10)
    }
    #expect(failure?.message == "m.yaml: the layers end in 3 values, the data has 10 classes")
  }

  @Test func whereADescriptionComesFromIsNoPartOfIt() throws {
    let yaml = "name: m\nlayers: [relu]\n"
    #expect(
      try ModelDescription.parse(yaml: yaml, source: "a")
        == ModelDescription.parse(yaml: "\n\n" + yaml, source: "b"))
  }
}

@Suite struct UntrustedDescriptionTests {
  private func failure(_ yaml: String) -> Failure? {
    do throws(Failure) {
      _ = try ModelDescription.parse(yaml: yaml, source: "m.yaml")
      return nil
    } catch { return error }
  }

  @Test(arguments: [
    ("- relux", "m.yaml:4: unknown layer `relux`"),
    ("- conv: {filter: 3, kernel: 3}", "m.yaml:4: unknown key `filter` in conv"),
    ("- conv: {kernel: 3}", "m.yaml:4: conv needs `filters`"),
    ("- conv: {filters: 0, kernel: 3}", "m.yaml:4: `filters` is 0, expected a number from 1"),
    ("- conv: {filters: 99999999999999999999, kernel: 3}", "m.yaml:4: `filters` must be a number"),
    ("- conv: {filters: 3, kernel: 3, padding: 3}", "m.yaml:4: `padding` is 3, must be below"),
    // Numbers of base 60 in YAML 1.1.
    ("- conv: {filters: 3, kernel: 1:4}", "m.yaml:4: `kernel` must be a number from 1 to 1024"),
    ("- conv: {filters: 1:4, kernel: 3}", "m.yaml:4: `filters` must be a number"),
    ("- conv: {filters: 3, kernel: 3, stride: '1:04'}", "m.yaml:4: `stride` must be a number"),
    ("- maxPool: 1:4", "m.yaml:4: `maxPool` must be a number"),
    ("- dropout: 0:0.5", "m.yaml:4: `dropout` must be a number"),
    ("- dense: 1:4", "m.yaml:4: `dense` needs `classes` or"),
    ("- dense: {features: 1:4}", "m.yaml:4: `features` needs `classes` or"),
    ("- conv: {filters: 3, kernel: 3, bias: 7}", "m.yaml:4: `bias` must be true or false"),
    ("- conv", "m.yaml:4: `conv` needs a value"),
    ("- relu: 3", "m.yaml:4: `relu` takes no value"),
    ("- relu:", "m.yaml:4: `relu` takes no value"),
    ("- maxPool: -1", "m.yaml:4: `maxPool` is -1"),
    ("- maxPool: two", "m.yaml:4: `maxPool` must be a number"),
    ("- dropout: 1", "m.yaml:4: `dropout` is 1.0, expected a number from 0.0 to 0.99"),
    ("- dropout: .nan", "m.yaml:4: `dropout` is nan"),
    ("- dense: {features: 3, bia: no}", "m.yaml:4: unknown key `bia` in dense"),
    ("- dense: many", "m.yaml:4: `dense` needs `classes` or 1 to 65536 features, or keys"),
    ("- dense: {features: 0}", "m.yaml:4: `features` needs `classes` or"),
    ("- {maxPool: 2, dropout: 0.1}", "m.yaml:4: a layer must be one of"),
    ("- [1, 2]", "m.yaml:4: a layer must be"),
    ("- &a relu", "m.yaml:4: `&` (anchors, aliases, tags) is not allowed"),
    ("- \"#\" : *a", "m.yaml:4: `*` (anchors"),
    ("- !!str relu", "m.yaml:4: `!` (anchors"),
    ("- {", "m.yaml:"), ("- \"relu", "m.yaml:"), ("- \u{0}", "m.yaml: not YAML"),
  ])
  func refusesLayer(line: String, message: String) {
    let found = failure("name: m\nlayers:\n  - relu # comment & more\n  \(line)\n")
    #expect(found?.kind == .badData)
    #expect(found?.message.hasPrefix(message) == true, "\(found?.message ?? "accepted")")
    #expect(found?.message.contains("\n") == false)
  }

  @Test(arguments: [
    ("epoch: 3", "unknown key `epoch` in a recipe"),
    ("epochs: 0", "`epochs` is 0"), ("batchSize: 1e9", "`batchSize` must be a number"),
    ("epochs: 1:40", "`epochs` must be a number"),
    ("learningRate: 0:0.5", "`learningRate` must be a number"),
    ("augment: {rotation: 1:30.5}", "`rotation` must be a number"),
    ("learningRate: .inf", "`learningRate` is inf"), ("learningRate: -1", "`learningRate` is -1"),
    (
      "optimizer: adagrad",
      "`optimizer` is `adagrad`, expected one of adam, adamw, sgd, lion, muon"
    ),
    ("momentum: 0.9", "`momentum` needs `optimizer: sgd`"),
    ("nesterov: true", "`nesterov` needs `optimizer: sgd`"),
    ("warmUp: 0.3", "`warmUp` needs `schedule: one-cycle`"),
    ("stepEpochs: 3", "`stepEpochs` needs `schedule: step`"),
    ("labelSmoothing: 1", "`labelSmoothing` is 1.0"), ("averageDecay: 1", "`averageDecay` is 1.0"),
    ("biasRate: 0", "`biasRate` is 0.0, expected a number from 0.01 to 1000.0"),
    (
      "initialization: zero", "`initialization` is `zero`, expected one of uniform, dirac"
    ),
    ("whiten: -1", "`whiten` is -1.0, expected a number from 0.0 to 1.0"),
    ("quantize: int4", "`quantize` is `int4`, expected one of none, int8"),
    ("quantizeEpochs: 3", "`quantizeEpochs` needs `quantize: int8`"),
    ("freeze: -1", "`freeze` is -1"), ("freeze: x", "`freeze` must be a number"),
    ("classWeights: even", "`classWeights` is `even`, expected none, balanced or a number"),
    ("classWeights: {a: 0}", "`a` is 0.0"), ("classWeights: {a: x}", "`a` must be a number"),
    ("classWeights: [1, 2]", "classWeights must be names and values"),
    ("augment: crop", "`augment` is `crop`, expected none, affine, flip, color, the ranges"),
    ("augment: []", "`augment` has no items"),
    ("augment: [none]", "`none` is no step of `augment`, expected affine, flip, color or one key"),
    ("augment: [flip, {crop: 4}, flip]", "`augment` has `flip` twice"),
    ("augment: [{crop: 0}]", "`crop` is 0, expected a number from 1 to 64"),
    ("augment: [{crop: 4, cutout: 8}]", "a step of `augment` must be"),
    ("augment: [{flip: always}]", "`flip` is `always`, expected one of alternating"),
    ("augment: [{color: {hue: 0.1}}]", "unknown key `hue` in color"),
    ("augment: [{color: {contrast: 1}}]", "`contrast` is 1.0"),
    ("augment: [{mixup: 0}]", "`mixup` is 0.0, expected a number from 0.05 to 1.0"),
    ("augment: [{mixup: much}]", "`mixup` must be a number"),
    ("augment: [{cutmix: 2}]", "`cutmix` is 2.0, expected a number from 0.05 to 1.0"),
    (
      "augment: [{cutmix: 1}, flip, {mixup: 0.2}]",
      "`augment` has cutmix and mixup: a label is shared with one other image, not with two"
    ),
    ("augment: [mixup]", "`mixup` is no step of `augment`"),
    ("augment: {rotate: 3}", "unknown key `rotate` in augment"),
    ("augment: {rotation: 181}", "`rotation` is 181.0"),
    ("epochs: 3\n  epochs: 4", "`epochs` is there twice"),
  ])
  func refusesRecipe(line: String, message: String) {
    let found = failure("name: m\nlayers: [relu]\nrecipe:\n  \(line)\n")
    #expect(found?.kind == .badData)
    #expect(found?.message.hasPrefix("m.yaml:4: " + message) == true, "\(found?.message ?? "")")
  }

  @Test(arguments: [
    ("", "m.yaml: the description is empty"), ("# only\n", "m.yaml: the description is empty"),
    ("relu", "m.yaml:1: a model must be keys"),
    ("layers: [relu]", "m.yaml:1: a model needs `name`"),
    ("name: m", "m.yaml:1: a model needs `layers`"),
    ("name: ../m\nlayers: [relu]", "m.yaml:1: `name` may hold"),
    ("name: m\nlayers: []", "m.yaml:2: `layers` must list 1 to 256"),
    ("name: m\nlayers: relu", "m.yaml:2: `layers` must be a list"),
    ("name: m\nlayers: [relu]\n---\nname: n", "m.yaml:"),
  ])
  func refusesModel(yaml: String, message: String) {
    let found = failure(yaml)
    #expect(found?.message.hasPrefix(message) == true, "\(found?.message ?? "accepted")")
  }

  @Test func refusesHugeAndDeepText() {
    let huge = "name: " + String(repeating: "x", count: 70_000)
    #expect(failure(huge)?.message == "m.yaml: a description has at most 65536 bytes")
    for opener in ["[", "{a: ", "- "] {
      let count = 60_000 / opener.utf8.count
      #expect(failure(String(repeating: opener, count: count))?.kind == .badData)
    }
    let layers = String(repeating: "- relu\n", count: 257)
    #expect(failure("name: m\nlayers:\n" + layers)?.message.contains("1 to 256 layers") == true)
  }

  @Test func saysWhatIsMissing() {
    #expect(throws: Failure.self) { try ModelDescription.load(nameOrFile: "resnet50") }
    do throws(Failure) {
      _ = try ModelDescription.load(nameOrFile: "no/such.yaml")
    } catch { #expect(error.kind == .missingInput && error.message.contains("no/such.yaml")) }
    do throws(Failure) {
      _ = try ModelDescription.load(nameOrFile: "/")
    } catch { #expect(error.kind == .missingInput) }
  }

  @Test func endlessFileIsRefused() {
    let failure = #expect(throws: Failure.self) {
      try ModelDescription.load(nameOrFile: "/dev/zero")
    }
    #expect(failure == Failure(.missingInput, "/dev/zero: expected a file, found something else"))
  }

  /// Editors of other systems put a byte-order mark first; it is no part of the text.
  @Test(arguments: ["\n", "\r\n"]) func aByteOrderMarkIsPassedOver(newline: String) throws {
    let yaml = "\u{FEFF}name: m\n\nlayers:\n  - relu\n"
    let model = try ModelDescription.parse(
      yaml: yaml.replacing("\n", with: newline), source: "m.yaml")
    #expect(model == ModelDescription(name: "m", layers: [.relu]))
    for (line, number) in [("- relux", 5), ("\n  - maxPool: -1", 6), ("- &a relu", 5), ("- [", 6)] {
      let text = (yaml + "  \(line)\n").replacing("\n", with: newline)
      let found = failure(text)
      #expect(found?.message.hasPrefix("m.yaml:\(number): ") == true, "\(found?.message ?? "")")
      #expect(found?.message == failure(String(text.dropFirst()))?.message)
    }
    #expect(failure("\u{FEFF}layers: [relu]")?.message == "m.yaml:1: a model needs `name`")
    #expect(failure("\u{FEFF}")?.message == "m.yaml: the description is empty")
    // One mark only, and only in front.
    #expect(failure("\u{FEFF}" + yaml) != nil)
  }

  @Test func recipeChangedByHandIsChecked() throws {
    var recipe = Recipe()
    try recipe.validate()
    recipe.batchSize = 0
    #expect(throws: Failure(.usage, "batch size is 0, expected 1 to 65536")) {
      try recipe.validate()
    }
    recipe = Recipe()
    recipe.learningRate = .nan
    #expect(throws: Failure.self) { try recipe.validate() }
  }
}
