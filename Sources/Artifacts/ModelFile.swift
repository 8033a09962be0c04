// A trained model in one safetensors file: values, and all it takes to use them elsewhere.
// The file alone is enough to evaluate: it carries the description, the sizes, the normalization.

import PTrainDatasets
import PTrainDiagnostics
import PTrainFoundation
import PTrainImageFiles
import PTrainNetworks

/// A network, its parameters and how images become its input.
package struct TrainedModel: Equatable, Sendable {
  package var network: Network
  package var state: ModelState
  package var normalization: Normalization
  /// One a class; the numbers from 0 where the data had no names.
  package var classNames: [String]
  /// Lies behind transparent pixels of image files.
  package var background: RGBColor

  package init(
    network: Network, state: ModelState, normalization: Normalization,
    classNames: [String]? = nil, background: RGBColor = .white
  ) {
    precondition(network.layout == state.layout)
    precondition(classNames.map { $0.count == network.classCount } ?? true)
    self.network = network
    self.state = state
    self.normalization = normalization
    self.classNames = classNames ?? ImageSet.numbers(network.classCount)
    self.background = background
  }

  /// What became of each image file of its training, and has to become of others.
  package var preparation: ImagePreparation {
    var preparation = ImagePreparation()
    preparation.background = background
    return preparation.completed(for: network.input)
  }
}

extension TrainedModel {
  /// Metadata keys of our model files.
  fileprivate enum Key {
    static let description = "description"
    static let input = "input"
    static let classCount = "classes"
    static let classNames = "class_names"
    static let mean = "normalization.mean"
    static let standardDeviation = "normalization.std"
    static let pixelType = "normalization.of"
    static let background = "preparation.background"
  }

  /// What a model file's metadata says besides the tensors; `format` is what PyTorch looks for.
  package var metadata: [Safetensors.Entry] {
    let input = [network.input.channels, network.input.height, network.input.width]
    return [
      .init("format", "pt"), .init(Key.description, network.description.yamlText),
      .init(Key.input, input.map(String.init).joined(separator: ",")),
      .init(Key.classCount, String(network.classCount)),
      .init(Key.classNames, JSONText.array(classNames.map { .string($0) }).text),
      .init(Key.mean, Self.list(normalization.means)),
      .init(Key.standardDeviation, Self.list(normalization.standardDeviations)),
      .init(Key.pixelType, normalization.pixelType.rawValue),
    ] + (background == .white ? [] : [.init(Key.background, background.text)])
      + FileFormat.metadata
  }

  /// Numbers that read back bit for bit, one a channel.
  private static func list(_ values: [Float]) -> String {
    values.map { "\($0)" }.joined(separator: ",")
  }

  /// The model as a file's content, tensors in state_dict order.
  package var safetensors: Safetensors {
    Safetensors(metadata: metadata, tensors: state.tensors)
  }

  /// Writes the model file, whole or not at all.
  package func write(to path: String) throws {
    try Safetensors.write(safetensors.bytes, to: path)
  }

  /// Reads a model file or the model of a checkpoint.
  ///
  /// Throws `missingInput` when it cannot be opened, `badData` when it is damaged or no ptrain
  /// model.
  package init(contentsOf path: String) throws {
    try self.init(Safetensors(modelIn: path), source: path)
  }

  package init(_ file: Safetensors, source: String) throws {
    try FileFormat.check(file, source: source)
    network = try Self.network(file, source: source)
    normalization = try Self.normalization(file, network.input, source: source)
    classNames = try Self.classNames(file, count: network.classCount, source: source)
    background = try Self.background(file, source: source)
    state = try ModelState(file, layout: network.layout, source: source)
  }

  private static func network(_ file: Safetensors, source: String) throws -> Network {
    guard let description = try file.description(source: source) else {
      throw Failure(
        .badData, "\(source): carries no description of its network; ", naming: .start,
        " makes a file that does")
    }
    let extents = file.value(of: Key.input)?.split(separator: ",").compactMap { Int($0) } ?? []
    guard extents.count == 3, let classCount = file.value(of: Key.classCount).flatMap({ Int($0) })
    else {
      throw Failure(.badData, "\(source): its metadata lacks the input size or the class count")
    }
    let input = Shape(channels: extents[0], height: extents[1], width: extents[2])
    do {
      return try Network(description: description, input: input, classCount: classCount)
    } catch {
      throw Failure(.badData, "\(source): \(error)")
    }
  }

  /// Files of one mean for all channels are older than those of one a channel.
  private static func normalization(
    _ file: Safetensors, _ input: Shape, source: String
  ) throws -> Normalization {
    guard let means = numbers(file, Key.mean, count: input.channels),
      let deviations = numbers(file, Key.standardDeviation, count: input.channels),
      deviations.allSatisfy({ $0 > 0 }),
      let pixelType = PixelType(rawValue: file.value(of: Key.pixelType) ?? "byte")
    else {
      throw Failure(.badData, "\(source): its metadata lacks a usable normalization")
    }
    return Normalization(means: means, standardDeviations: deviations, pixelType: pixelType)
  }

  private static func numbers(_ file: Safetensors, _ key: String, count: Int) -> [Float]? {
    let fields = file.value(of: key)?.split(separator: ",", omittingEmptySubsequences: false) ?? []
    let values = fields.compactMap { Float($0) }
    guard values.count == fields.count, values.allSatisfy(\.isFinite),
      values.count == 1 || values.count == count
    else { return nil }
    return values.count == count ? values : Array(repeating: values[0], count: count)
  }

  /// White goes without saying.
  private static func background(_ file: Safetensors, source: String) throws -> RGBColor {
    let text = file.value(of: Key.background) ?? RGBColor.white.text
    guard let color = RGBColor(text) else {
      throw Failure(.badData, "\(source): its metadata's \(Key.background) is no colour")
    }
    return color
  }

  /// Older files have none: the numbers then.
  private static func classNames(
    _ file: Safetensors, count: Int, source: String
  ) throws -> [String] {
    guard let text = file.value(of: Key.classNames) else { return ImageSet.numbers(count) }
    guard let names = try? JSONDecoder().decode([String].self, from: Data(text.utf8)),
      names.count == count, Set(names).count == count
    else {
      throw Failure(
        .badData, "\(source): its metadata has no \(count) names for its \(count) classes")
    }
    return names
  }
}

extension Safetensors {
  /// Reads a model file from anywhere, or the model of a checkpoint.
  package init(modelIn path: String) throws {
    try self.init(contentsOf: path)
    try FileFormat.check(self, source: path)
    tensors.removeAll { Checkpoint.runTensorNames.contains($0.name) }
  }

  /// What a file says about its network; nil where it says nothing, as PyTorch's.
  package func description(source: String) throws -> ModelDescription? {
    do {
      return try value(of: TrainedModel.Key.description).map {
        try .parse(yaml: $0, source: "description")
      }
    } catch {
      throw Failure(.badData, "\(source): \(error)")
    }
  }
}

extension ModelState {
  /// Every tensor of the block under its state_dict name.
  package var tensors: [Safetensors.Tensor] {
    layout.tensors.map {
      Safetensors.Tensor(name: $0.name, shape: $0.shape, values: Array(values[$0.range]))
    }
  }

  /// The tensors of a file but for the network's head, which begins as a new network's; the file's may be
  /// of any shape.
  package init(
    _ file: Safetensors, network: Network, headSeed: UInt64, source: String
  ) throws {
    let head = network.headTensorNames
    let fresh = ModelState.initial(network: network, seed: headSeed)
    var file = file
    file.tensors.removeAll { head.contains($0.name) }
    file.tensors += fresh.tensors.filter { head.contains($0.name) }
    try self.init(file, layout: network.layout, source: source)
  }

  /// The tensors of a file, which must be those of `layout`: no more, no fewer, same shapes.
  package init(_ file: Safetensors, layout: StateLayout, source: String) throws {
    let tensors = Dictionary(file.tensors.map { ($0.name, $0) }) { first, _ in first }
    if let extra = file.tensors.first(where: { layout[$0.name] == nil }) {
      throw Failure(
        .badData, "\(source): holds a tensor that the model has not: \(quotedName(extra.name))")
    }
    var values: [Float] = []
    values.reserveCapacity(layout.count)
    for expected in layout.tensors {
      guard let tensor = tensors[expected.name] else {
        throw Failure(.badData, "\(source): the model's tensor \(expected.name) is missing")
      }
      guard tensor.shape == expected.shape else {
        throw Failure(
          .badData,
          "\(source): \(expected.name) has shape \(tensor.shape), expected \(expected.shape)")
      }
      values += tensor.values
    }
    self.init(layout: layout, values: values)
  }
}
