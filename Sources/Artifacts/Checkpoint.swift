// A run between two steps as one safetensors file: PyTorch can read the parameters in it, and a
// digest over every byte tells whether it is whole.

import PTrainDatasets
import PTrainDiagnostics
import PTrainEngine
import PTrainNetworks

/// Everything that the rest of a run follows from.
package struct Checkpoint: Equatable, Sendable {
  /// The description in it has the run's recipe.
  package var model: TrainedModel
  package var snapshot: TrainingSnapshot
  package var settings: RunSettings

  package init(model: TrainedModel, snapshot: TrainingSnapshot, settings: RunSettings) {
    self.model = model
    self.snapshot = snapshot
    self.settings = settings
  }
}

extension Checkpoint {
  private static let firstMomentName = "optimizer.first_moment"
  private static let secondMomentName = "optimizer.second_moment"
  private static let averageName = "average"
  private static let bestName = "best"
  /// `[values, 3]`: node, scale and zero point.
  private static let formsName = "quantization.forms"

  /// Tensors of a checkpoint that are not the model's.
  static let runTensorNames = [
    firstMomentName, secondMomentName, averageName, bestName, formsName,
  ]

  /// The file's content, sealed with its digest.
  package var bytes: [UInt8] {
    let count = snapshot.model.values.count
    let file = Safetensors(
      metadata: [.init(Seal.key, Seal.blank)] + model.metadata + settings.metadata
        + snapshot.position.metadata,
      tensors: snapshot.model.tensors + [
        .init(name: Self.firstMomentName, shape: [count], values: snapshot.firstMoment),
        .init(name: Self.secondMomentName, shape: [count], values: snapshot.secondMoment),
        .init(name: Self.averageName, shape: [count], values: snapshot.average),
      ] + (snapshot.best.map { [.init(name: Self.bestName, shape: [count], values: $0)] } ?? [])
        + formTensors)
    return Seal.close(file.bytes)
  }

  private var formTensors: [Safetensors.Tensor] {
    let forms = snapshot.forms
    guard !forms.isEmpty else { return [] }
    let values = forms.flatMap { [Float($0.node), $0.form.scale, Float($0.form.zeroPoint)] }
    return [.init(name: Self.formsName, shape: [forms.count, 3], values: values)]
  }

  /// Nil for what is none.
  private static func forms(_ values: [Float], _ network: Network) -> [ValueForm]? {
    guard values.count % 3 == 0 else { return nil }
    var forms: [ValueForm] = []
    for first in stride(from: 0, to: values.count, by: 3) {
      guard let node = Int(exactly: values[first]), network.graph.nodes.indices.contains(node),
        !forms.contains(where: { $0.node == node }), values[first + 1] > 0,
        values[first + 1].isFinite, let zeroPoint = Int(exactly: values[first + 2]),
        (-128...127).contains(zeroPoint)
      else { return nil }
      let form = NumberForm(scale: values[first + 1], zeroPoint: zeroPoint)
      forms.append(ValueForm(node: node, form: form))
    }
    return forms
  }

  /// Whether bytes are whole: those that some version of ptrain has written.
  package static func isIntact(_ bytes: [UInt8]) -> Bool { Seal.isIntact(bytes) }

  /// Reads a file's bytes; `source` names them in errors.
  ///
  /// Throws `badData` for anything but what `bytes` once gave.
  package init(_ bytes: [UInt8], source: String) throws {
    guard Self.isIntact(bytes) else {
      throw Failure(.badData, "\(source): damaged, its digest does not fit its content")
    }
    try self.init(Safetensors(bytes, source: source), source: source)
  }

  /// Reads what a file holds, whatever its seal says; damage of its values goes unnoticed.
  package init(_ file: Safetensors, source: String) throws {
    var file = file
    try FileFormat.check(file, source: source)
    guard !RunSettings.lacksDigests(file) else {
      throw Failure(
        .badData,
        "\(source): of an earlier ptrain, which kept no digests of a run's data, so that it cannot go "
          + "on; ", naming: .start, " begins a new run with its parameters")
    }
    let firstMoment = try Self.takeTensor(Self.firstMomentName, from: &file, source)
    let secondMoment = try Self.takeTensor(Self.secondMomentName, from: &file, source)
    let average = try Self.takeTensor(Self.averageName, from: &file, source)
    let hasBest = file.tensors.contains { $0.name == Self.bestName }
    let best = hasBest ? try Self.takeTensor(Self.bestName, from: &file, source) : nil
    let hasForms = file.tensors.contains { $0.name == Self.formsName }
    let formValues = hasForms ? try Self.takeTensor(Self.formsName, from: &file, source) : []
    let model = try TrainedModel(file, source: source)
    let count = model.network.layout.count
    guard firstMoment.count == count, secondMoment.count == count, average.count == count,
      best?.count ?? count == count,
      let settings = RunSettings(file, model), let forms = Self.forms(formValues, model.network),
      let position = TrainingPosition(file), (best != nil) == (position.bestValidationEpoch > 0),
      forms.isEmpty
        != (model.network.description.recipe.quantizes(epoch: position.epoch) && position.step > 0)
    else { throw Failure(.badData, "\(source): no checkpoint, a setting is missing or wrong") }
    self.init(
      model: model,
      snapshot: TrainingSnapshot(
        model: model.state, firstMoment: firstMoment, secondMoment: secondMoment,
        average: average, best: best, forms: forms, position: position),
      settings: settings)
  }

  private static func takeTensor(
    _ name: String, from file: inout Safetensors, _ source: String
  ) throws -> [Float] {
    guard let index = file.tensors.firstIndex(where: { $0.name == name }) else {
      throw Failure(.badData, "\(source): no checkpoint, \(name) is missing")
    }
    return file.tensors.remove(at: index).values
  }
}

/// A digest inside of the file that it is over: the first metadata value, taken as zeros meanwhile.
private enum Seal {
  static let key = "digest"
  static let blank = String(repeating: "0", count: 64)
  /// What follows the eight bytes of the header's length.
  private static let start = Array(#"{"__metadata__":{"digest":""#.utf8)
  private static let range = 8 + start.count..<8 + start.count + 64

  static func close(_ bytes: [UInt8]) -> [UInt8] {
    var bytes = bytes
    let digest = bytes.withUnsafeBytes { sha256($0) }
    bytes.replaceSubrange(range, with: digest.utf8)
    return bytes
  }

  static func isIntact(_ bytes: [UInt8]) -> Bool {
    guard bytes.count >= range.upperBound, Array(bytes[8..<range.lowerBound]) == start else {
      return false
    }
    var blanked = bytes
    blanked.replaceSubrange(range, with: blank.utf8)
    return blanked.withUnsafeBytes { sha256($0) }.utf8.elementsEqual(bytes[range])
  }
}
