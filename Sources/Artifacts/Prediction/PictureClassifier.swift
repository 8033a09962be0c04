// Asks a trained model about pictures: a batch at a time, decoded and computed on all workers, answered
// in the order in which they came.

import PTrainDatasets
import PTrainDiagnostics
import PTrainEngine
import PTrainImageFiles
import PTrainMemory

/// What a model says about a picture.
package struct PictureAnswer: Equatable, Sendable {
  package let picture: String
  /// Path of its file, and its place in that where it holds many.
  package let path: String
  package let index: Int?
  package let logits: [Float]
}

/// A trained model with workers that answers about pictures.
package final class PictureClassifier {
  /// Pictures that are computed at a time; no bit depends on it.
  package static let batchSize = 256

  package enum Outcome {
    case answer(PictureAnswer)
    case failure(Failure)
    /// No picture, in a folder of others.
    case passedOver
  }

  private let model: TrainedModel
  private let preparation: PicturePreparation
  private let session: Session
  private let batchSize: Int

  /// `pictureCount` is how many there will be at most; few take less memory.
  ///
  /// Throws `Failure` for a model that takes no pictures.
  package init(
    _ model: TrainedModel, configuration: EngineConfiguration, pictureCount: Int
  ) throws {
    guard model.normalization.pixelType == .byte else {
      throw Failure(.badData, "takes inputs of floats; pictures have grey values and colours")
    }
    self.model = model
    batchSize = max(1, min(Self.batchSize, pictureCount))
    preparation = try PicturePreparation(model)
    session = try Session(
      model.network, state: model.state, configuration: configuration, sampleCapacity: batchSize)
  }

  /// Calls `receive` once for each picture, in order.
  package func classify(
    _ pictures: [Picture], _ receive: (Picture, Outcome) throws -> Void
  ) throws {
    for first in stride(from: 0, to: pictures.count, by: batchSize) {
      let batch = pictures[first..<min(first + batchSize, pictures.count)]
      for (picture, outcome) in zip(batch, try outcomes(Array(batch))) {
        try receive(picture, outcome)
      }
    }
  }

  private func outcomes(_ pictures: [Picture]) throws -> [Outcome] {
    let prepared = try prepare(pictures)
    let good = prepared.compactMap { if case .success(let bytes?) = $0 { bytes } else { nil } }
    let logits = try good.isEmpty ? [] : logits(of: good)
    let classCount = model.network.classCount
    var place = 0
    return zip(pictures, prepared).map { picture, result in
      switch result {
      case .failure(let failure): return .failure(failure)
      case .success(nil): return .passedOver
      case .success:
        let row = Array(logits[place * classCount..<(place + 1) * classCount])
        place += 1
        guard row.allSatisfy(\.isFinite) else {
          return .failure(
            Failure(.badData, "\(picture.name): the model's answer is no number; it is damaged"))
        }
        return .answer(
          PictureAnswer(
            picture: picture.name, path: picture.path, index: picture.index, logits: row))
      }
    }
  }

  private func prepare(_ pictures: [Picture]) throws -> [Result<[UInt8]?, Failure>] {
    try onWorkers(pictures.count, until: .success(nil)) { [preparation] index in
      Result { () throws(Failure) in try preparation.bytes(of: pictures[index]) }
    }
  }

  /// Logits of each image, in order; throws `.badData` where one is no number.
  package func logits(of images: [DecodedImage]) throws -> [[Float]] {
    guard !images.isEmpty else { return [] }
    let prepared = try onWorkers(images.count, until: []) { [preparation] index in
      preparation.bytes(of: images[index])
    }
    let (logits, classCount) = (try logits(of: prepared), model.network.classCount)
    guard let place = logits.firstIndex(where: { !$0.isFinite }) else {
      return images.indices.map { Array(logits[$0 * classCount..<($0 + 1) * classCount]) }
    }
    throw Failure(
      .badData,
      "image \(place / classCount): the model's answer is no number; it is damaged")
  }

  /// `body` of each index below `count`; `until` stands for what is not there yet.
  private func onWorkers<Element>(
    _ count: Int, until element: Element, _ body: @escaping @Sendable (Int) -> Element
  ) throws -> [Element] {
    var results = [Element](repeating: element, count: count)
    try results.withUnsafeMutableBufferPointer { results in
      // Each element has one writer.
      nonisolated(unsafe) let results = results
      try session.forEach(count) { results[$0] = body($0) }
    }
    return results
  }

  private func logits(of images: [[UInt8]]) throws -> [Float] {
    let shape = model.network.input
    let store = try ByteStore(capacity: images.count * shape.count) { buffer in
      for (place, image) in images.enumerated() {
        UnsafeMutableRawBufferPointer(
          rebasing: buffer[place * shape.count..<(place + 1) * shape.count]
        )
        .copyBytes(from: image)
      }
      return images.count * shape.count
    }
    let set = ImageSet(
      height: shape.height, width: shape.width, channels: shape.channels, images: store,
      labels: .init(repeating: 0, count: images.count))
    return try session.logits(set, model.normalization)
  }
}
