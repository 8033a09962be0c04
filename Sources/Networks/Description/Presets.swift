// Where descriptions come from: the presets inside the binary, or a file.
// Presets are YAML files of the same form as a user's own.

import PTrainDiagnostics

/// What a preset was made for.
public struct PresetInput: Equatable, Sendable {
  public var shape: Shape
  public var classCount: Int
}

/// A preset's text, and the images that it was made for.
private struct Preset {
  var name: String
  var bytes: [UInt8]
  var input: PresetInput

  init(_ name: String, _ bytes: [UInt8], _ shape: Shape, classes: Int = 10) {
    (self.name, self.bytes) = (name, bytes)
    input = PresetInput(shape: shape, classCount: classes)
  }

  static var all: [Preset] {
    let digits = Shape(channels: 1, height: 28, width: 28)
    let colour = Shape(channels: 3, height: 32, width: 32)
    let photos = Shape(channels: 3, height: 96, width: 96)
    let words = Shape(channels: 1, height: 49, width: 10)
    return [
      Preset("cifar-20k", PackageResources.cifar_20k_yaml, colour),
      Preset("cifar-300k", PackageResources.cifar_300k_yaml, colour),
      Preset("cifar-30min", PackageResources.cifar_30min_yaml, colour),
      Preset("cifar-80k", PackageResources.cifar_80k_yaml, colour),
      Preset("cifar-fast", PackageResources.cifar_fast_yaml, colour),
      Preset("compact", PackageResources.compact_yaml, digits),
      Preset("ds-cnn", PackageResources.ds_cnn_yaml, words, classes: 12),
      Preset("eva8", PackageResources.eva8_yaml, digits),
      Preset("fashion", PackageResources.fashion_yaml, digits),
      Preset("lenet5", PackageResources.lenet5_yaml, digits),
      Preset("mobilenet-025", PackageResources.mobilenet_025_yaml, photos, classes: 2),
      Preset("resnet8", PackageResources.resnet8_yaml, colour),
      Preset("tiny", PackageResources.tiny_yaml, digits),
    ]
  }

  static func named(_ name: String) throws(Failure) -> Preset {
    if let preset = all.first(where: { $0.name == name }) { return preset }
    throw Failure(
      .usage,
      "no model named `\(name)`; there are "
        + "\(ModelDescription.presetNames.joined(separator: ", ")), or give a description file")
  }
}

extension ModelDescription {
  /// Names that `preset(named:)` knows.
  public static let presetNames = Preset.all.map(\.name)

  /// A preset by name.
  public static func preset(named name: String) throws(Failure) -> ModelDescription {
    try DescriptionReader.read(try presetYAML(named: name), source: name)
  }

  /// A preset's file as it was written, with its comments.
  public static func presetYAML(named name: String) throws(Failure) -> String {
    String(decoding: try Preset.named(name).bytes, as: UTF8.self)
  }

  /// Input and classes that a preset's figures are told for; it takes others too.
  public static func presetInput(named name: String) throws(Failure) -> PresetInput {
    try Preset.named(name).input
  }

  /// A preset, or the description in a file.
  public static func load(nameOrFile: String) throws(Failure) -> ModelDescription {
    let isPath =
      nameOrFile.contains("/") || nameOrFile.hasSuffix(".yaml") || nameOrFile.hasSuffix(".yml")
    if presetNames.contains(nameOrFile) || !isPath { return try preset(named: nameOrFile) }
    return try parse(yaml: try readDescription(nameOrFile), source: nameOrFile)
  }

  /// A description from YAML text, for example one that `yamlText` wrote into a model file.
  ///
  /// `source` names the text in errors.
  public static func parse(yaml text: String, source: String) throws(Failure) -> ModelDescription {
    try DescriptionReader.read(text, source: source)
  }

  private static func readDescription(_ path: String) throws(Failure) -> String {
    let bytes = try readFile(path, limit: DescriptionReader.byteLimit)
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw Failure(.badData, "\(path): a description must be UTF-8 text")
    }
    return text
  }
}
