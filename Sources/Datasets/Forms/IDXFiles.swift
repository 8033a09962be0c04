// Finds the four IDX files of a directory under the names that MNIST gave them.
// Mirrors differ in a dot and in compression; the content decides, not the name's ending.

import Glibc
import PTrainDiagnostics

/// A directory with MNIST's four files.
struct IDXFiles: DataForm {
  static let expectation = "the four IDX files of MNIST's names, plain or .gz"

  let path: String
  /// What stands before the names: nothing, or `emnist-letters-` and the like, one a dataset.
  private let prefixes: [String]

  /// The names without `.gz`; some mirrors write `images.idx3` for `images-idx3`.
  static let fileNames = [
    "train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
  ]

  init(path: String) { (self.path, prefixes) = (path, [""]) }

  init?(at path: DataPath) {
    let known = Self.fileNames.flatMap(Self.candidates)
    let prefixes = Set(
      path.names.compactMap { name in
        known.first { name.hasSuffix($0) }.map { String(name.dropLast($0.count)) }
      }
    ).filter { $0.isEmpty || $0.hasSuffix("-") }
    guard !prefixes.isEmpty else { return nil }
    self.path = path.path
    self.prefixes = prefixes.contains("") ? [""] : prefixes.sorted()
  }

  func read(_ wanted: WantedParts, _ options: ReadingOptions) throws(Failure) -> DataParts {
    var parts = DataParts()
    guard wanted == .everything else {
      let files = try files(Array(Self.fileNames.suffix(2)))
      parts.test = try ImageSet(imageFile: files[0], labelFile: files[1])
      return parts
    }
    let files = try files()
    // Both at once: inflating them is most of what a start takes.
    (parts.training, parts.test) = try concurrently {
      () throws(Failure) in
      try ImageSet(imageFile: files[0], labelFile: files[1])
    } _: {
      () throws(Failure) in
      try ImageSet(imageFile: files[2], labelFile: files[3])
    }
    return parts
  }

  /// Existing paths in the order of `names`; throws `.missingInput` for the first missing one.
  func files(_ names: [String] = fileNames) throws(Failure) -> [String] {
    guard prefixes.count == 1 else {
      throw Failure(
        .badData,
        "\(path): holds the files of \(prefixes.count) datasets (\(prefixes.joined(separator: ", "))); put those of one into a directory of its own"
      )
    }
    var files: [String] = []
    for name in names {
      let candidates = Self.candidates(for: name).map { "\(path)/\(prefixes[0])\($0)" }
      guard let file = candidates.first(where: { access($0, F_OK) == 0 }) else {
        throw Failure(
          .missingInput,
          "\(path): no \(prefixes[0])\(name) or \(prefixes[0])\(name).gz; the four IDX files of MNIST's names are expected"
        )
      }
      files.append(file)
    }
    return files
  }

  /// Images with a channel axis are of four axes; EMNIST calls its test set so.
  private static func candidates(for name: String) -> [String] {
    let named = [name, name.replacing("idx3", with: "idx4")]
      .flatMap { [$0, $0.replacing("t10k", with: "test")] }
    return named.flatMap { name in
      let dotted = name.replacing("-idx", with: ".idx")
      return [name, name + ".gz", dotted, dotted + ".gz"]
    }
  }
}

extension ImageSet {
  /// Reads an image and a label file, plain or gzip, of equal count.
  ///
  /// Throws `.badData` naming the file, `.missingInput` if one cannot be opened.
  package init(imageFile: String, labelFile: String) throws(Failure) {
    let images = try IDX(imageFile, as: .images)
    let labels = try IDX(labelFile, as: .labels)
    guard images.dimensions[0] == labels.dimensions[0] else {
      throw Failure(
        .badData,
        "\(imageFile): \(images.dimensions[0]) images, but \(labels.dimensions[0]) labels in \(labelFile)"
      )
    }
    let size = images.imageSize
    self.init(
      height: size.height, width: size.width, channels: size.channels,
      images: try images.interleaved(), labels: labels.elements.map { UInt16($0) })
  }
}

/// Runs `second` on another thread meanwhile, or afterwards where the system has no more threads;
/// where both fail, the first one's error counts.
private func concurrently<First, Second: Sendable>(
  _ first: () throws(Failure) -> First,
  _ second: @escaping @Sendable () throws(Failure) -> Second
) throws(Failure) -> (First, Second) {
  nonisolated(unsafe) var outcome: Result<Second, Failure>?
  let other = try? SystemThread { outcome = Result(catching: second) }
  let result = Result(catching: first)
  other?.join()
  let rest = outcome ?? Result(catching: second)
  return (try result.get(), try rest.get())
}
