// numpy's .npz archives under the names that keras' and MedMNIST's datasets have, and some others.

import PTrainDiagnostics

/// A .npz file, or a directory with one.
struct NPZFiles: DataForm {
  static let expectation =
    "a .npz file of numpy's with x_train, y_train, x_test, y_test or train_images, train_labels, …"

  private let path: String

  init?(at path: DataPath) {
    guard path.isDirectory else {
      guard ZipArchive.recognizes(path.firstBytes(4)) else { return nil }
      self.path = path.path
      return
    }
    let archives = path.names.filter {
      $0.lowercased().hasSuffix(".npz") && ZipArchive.recognizes(path.firstBytes(4, of: $0))
    }
    guard archives.count == 1 else { return nil }
    self.path = "\(path.path)/\(archives[0])"
  }

  func read(_ wanted: WantedParts, _ options: ReadingOptions) throws(Failure) -> DataParts {
    try NPZContent(readFile(path, limit: NPYArray.byteLimit), file: path).parts
  }
}

/// The sets of an archive.
package struct NPZContent {
  package private(set) var parts = DataParts()

  /// Names of a set's images and labels, in lower case.
  private struct Naming {
    var images: [String]
    var labels: [String]

    init(_ suffixes: [String], _ others: [(images: String, labels: String)] = []) {
      images = suffixes.flatMap { ["x_\($0)", "\($0)_images", "\($0)_x", "\($0)_data"] }
      labels = suffixes.flatMap { ["y_\($0)", "\($0)_labels", "\($0)_y", "\($0)_targets"] }
      images += others.map(\.images)
      labels += others.map(\.labels)
    }
  }

  private static let training = Naming(
    ["train"], [("x", "y"), ("images", "labels"), ("data", "target"), ("features", "targets")])
  private static let validation = Naming(["val", "valid", "validation"])
  private static let test = Naming(["test"])

  /// Reads every set of an archive's bytes; `file` names them in errors.
  ///
  /// Throws `.badData` for anything but a complete archive with at least one set.
  package init(
    _ bytes: [UInt8], file: String, byteLimit: Int = NPYArray.byteLimit
  ) throws(Failure) {
    let archive = try ZipArchive(bytes, file: file)
    let training = try ArraySet(Self.training, "training", archive, byteLimit)
    let validation = try ArraySet(Self.validation, "validation", archive, byteLimit)
    let test = try ArraySet(Self.test, "test", archive, byteLimit)
    let found = [training, validation, test].compactMap { $0 }
    guard !found.isEmpty else {
      let names = archive.entries.prefix(8).map { quoted($0.name) }.joined(separator: ", ")
      throw Failure(
        .badData,
        "\(file): holds \(names.isEmpty ? "nothing" : names); expected arrays x_train, y_train, "
          + "x_test, y_test or train_images, train_labels, test_images, test_labels")
    }
    // All parts alike: one value beyond a byte makes all of them floats.
    let type: PixelType = found.allSatisfy { $0.images.holdsBytes } ? .byte : .float
    parts.training = try training?.imageSet(type)
    parts.validation = try validation?.imageSet(type)
    parts.test = try test?.imageSet(type)
  }

  /// A set's images and labels.
  private struct ArraySet {
    let images: NPYArray
    let labels: [UInt16]
    let layout: NPYArray.Layout

    /// Nil where the archive has neither.
    init?(
      _ naming: Naming, _ part: String, _ archive: ZipArchive, _ byteLimit: Int
    ) throws(Failure) {
      guard let images = Self.entry(naming.images, archive) else {
        guard let labels = Self.entry(naming.labels, archive) else { return nil }
        throw Failure(
          .badData, "\(archive.file): \(quoted(labels.name)) has no \(part) images beside it")
      }
      guard let labels = Self.entry(naming.labels, archive) else {
        throw Failure(
          .badData, "\(archive.file): \(quoted(images.name)) has no \(part) labels beside it")
      }
      self.images = try Self.array(images, archive, byteLimit)
      self.labels = try Self.array(labels, archive, byteLimit).labels()
      layout = try self.images.layout()
      guard self.images.header.shape[0] == self.labels.count else {
        throw Failure(
          .badData,
          "\(archive.file): \(self.images.header.shape[0]) \(part) images, but \(self.labels.count) labels"
        )
      }
      guard max(layout.height, layout.width) <= IDX.sideLimit else {
        throw Failure(
          .badData,
          "\(archive.file): \(part) images of \(layout.height) x \(layout.width); each side may be up to \(IDX.sideLimit)"
        )
      }
    }

    private static func entry(_ names: [String], _ archive: ZipArchive) -> ZipArchive.Entry? {
      archive.entries.first { entry in
        let name = entry.name.lowercased()
        return name.hasSuffix(".npy") && names.contains(String(name.dropLast(4)))
      }
    }

    private static func array(
      _ entry: ZipArchive.Entry, _ archive: ZipArchive, _ byteLimit: Int
    ) throws(Failure) -> NPYArray {
      var reader = try archive.reader(of: entry)
      return try NPYArray(
        from: &reader, name: "\(archive.file): \(quoted(entry.name))", byteLimit: byteLimit)
    }

    func imageSet(_ type: PixelType) throws(Failure) -> ImageSet {
      ImageSet(
        height: layout.height, width: layout.width, channels: layout.channels, pixelType: type,
        images: try images.images(layout, as: type), labels: labels)
    }
  }
}
