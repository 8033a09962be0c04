// What a run has read, told apart by part: two runs on the same images and labels have the same digests,
// wherever the files lie and whatever they are called.

import PTrainDiagnostics
import PTrainMemory

/// A digest of each part of a dataset, over its sizes and every byte.
package struct DataDigests: Equatable, Sendable {
  package enum Part: String, CaseIterable, Sendable {
    case trainingImages = "training images"
    case trainingLabels = "training labels"
    case testImages = "test images"
    case testLabels = "test labels"
    case validationImages = "validation images"
    case validationLabels = "validation labels"

    /// Whether every dataset has this part.
    package var isRequired: Bool { self != .validationImages && self != .validationLabels }
  }

  private var values: [Part: String] = [:]

  package init(_ values: [Part: String]) { self.values = values }

  package init(_ dataset: Dataset) {
    for (set, images, labels) in [
      (dataset.training, Part.trainingImages, Part.trainingLabels),
      (dataset.test, .testImages, .testLabels),
      (dataset.validation, .validationImages, .validationLabels),
    ] {
      guard let set else { continue }
      values[images] = set.images.withUnsafeBufferPointer { digest($0, Self.shape(of: set)) }
      values[labels] = Self.labelBytes(of: set).withUnsafeBufferPointer {
        digest($0, "\(set.count)")
      }
    }
  }

  /// Grey bytes, the most common, go without saying.
  private static func shape(of set: ImageSet) -> String {
    let size = "\(set.count) x \(set.height) x \(set.width)"
    return size + (set.channels == 1 ? "" : " x \(set.channels)")
      + (set.pixelType == .byte ? "" : " of \(set.pixelType)s")
  }

  /// One byte a label where that is enough, else two, the lower first.
  private static func labelBytes(of set: ImageSet) -> [UInt8] {
    guard set.labels.contains(where: { $0 > 255 }) else { return set.labels.map { UInt8($0) } }
    return set.labels.flatMap { [UInt8($0 & 255), UInt8($0 >> 8)] }
  }

  /// Empty for a part that the dataset has not.
  package subscript(part: Part) -> String { values[part, default: ""] }

  /// The parts in which `other` holds something else.
  package func differences(from other: DataDigests) -> [Part] {
    Part.allCases.filter { self[$0] != other[$0] }
  }

  /// One digest of all parts.
  package var whole: String { sha256(Array(Part.allCases.map { self[$0] }.joined().utf8)) }
}

/// Of one part; `shape` tells its sizes.
private func digest(_ bytes: UnsafeBufferPointer<UInt8>, _ shape: String) -> String {
  contentDigest(
    [UnsafeRawBufferPointer(bytes)], head: shape,
    threadCount: ThreadAffinity.process()?.count ?? 1)
}
