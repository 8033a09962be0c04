// Listens to a training run and leaves what TensorBoard shows of it: a scalar a curve and epoch, and at
// the end the confusion matrix of the run's model as an image.

import FoundationEssentials
import Glibc
import PTrainArtifacts
import PTrainDatasets
import PTrainDiagnostics
import PTrainEngine
import SwiftProtobuf

/// Writes a run's event file as events come in.
package final class EventWriter {
  /// Longest file that a run goes on with, in bytes.
  private static let byteLimit = 256 << 20

  private let path: String
  private let now: () -> Double
  private let descriptor: Int32
  private var confusion: ConfusionMatrix?

  /// Opens a new file, or that of a run which goes on in `epoch`: what it will write again is removed.
  ///
  /// `now`: seconds since 1970.
  package init(
    path: String, keepingEpochsBefore epoch: Int? = nil, now: @escaping () -> Double
  ) throws {
    (self.path, self.now) = (path, now)
    var kept = try Self.record(.with { ($0.wallTime, $0.fileVersion) = (now(), "brain.Event:2") })
    if let epoch, fileExists(path) {
      let records = EventRecords.read(try readFile(path, limit: Self.byteLimit))
      let earlier = records.filter { data in
        let event = try? Tensorboard_Event(serializedBytes: Array(data))
        return event.map { $0.fileVersion.isEmpty && $0.step < epoch } ?? false
      }
      kept += earlier.flatMap { EventRecords.frame(Array($0)) }
    }
    try writeFile(path, kept)
    descriptor = open(path, O_WRONLY | O_APPEND | O_CLOEXEC)
    guard descriptor >= 0 else { throw creationFailure(path) }
  }

  deinit { close(descriptor) }

  package func receive(_ event: TrainingEvent) throws {
    switch event {
    case .started, .step: break
    case .epoch(let result, _):
      if result.isKept { confusion = result.test.confusion }
      try append(result.scalars, step: result.epoch)
    case .finished(let result):
      // An epoch of an earlier process has its image already.
      guard let confusion else { return }
      let image = try ConfusionImage(confusion).picture()
      let value = Tensorboard_Summary.Value.with {
        $0.tag = "confusion/test (rows: the class, columns: the answer)"
        $0.image = image
      }
      try append([value], step: result.keptEpoch)
    }
  }

  private func append(_ values: [Tensorboard_Summary.Value], step: Int) throws {
    let record = try Self.record(
      .with {
        ($0.wallTime, $0.step) = (now(), Int64(step))
        $0.summary.value = values
      })
    try writeAll(descriptor, record, path: path)
  }

  private static func record(_ event: Tensorboard_Event) throws -> [UInt8] {
    EventRecords.frame(try event.serializedBytes())
  }
}

extension EpochResult {
  fileprivate var scalars: [Tensorboard_Summary.Value] {
    let sets: [(String, Evaluation?)] = [
      ("train", training), ("validation", validation), ("test", test),
    ]
    let values =
      sets.flatMap { name, set -> [(String, Double)] in
        set.map { [("loss/\(name)", $0.loss), ("accuracy/\(name)", $0.accuracy)] } ?? []
      } + [
        ("learning rate", learningRate), ("images per second", imagesPerSecond),
      ]
    return values.map { tag, value in
      .with { ($0.tag, $0.simpleValue) = (tag, Float(value)) }
    }
  }
}
