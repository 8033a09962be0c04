// Finds the four IDX files of a directory under the names that MNIST gave them.
// Mirrors differ in a dot and in compression; the content decides, not the name's ending.

import Diagnostics
import Glibc

/// A directory with the files of one dataset.
struct DatasetDirectory {
  let path: String

  /// The names without `.gz`; some mirrors write `images.idx3` for `images-idx3`.
  static let fileNames = [
    "train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
  ]

  /// Existing paths in the order of `names`; throws `.missingInput` for the first missing one.
  func files(_ names: [String] = fileNames) throws(Failure) -> [String] {
    try checkDirectory()
    var files: [String] = []
    for name in names {
      guard let file = candidates(for: name).first(where: { access($0, F_OK) == 0 }) else {
        throw Failure(
          .missingInput,
          "\(path): no \(name) or \(name).gz; the four IDX files of MNIST's names are expected")
      }
      files.append(file)
    }
    return files
  }

  private func candidates(for name: String) -> [String] {
    let dotted = name.replacing("-idx", with: ".idx")
    return [name, name + ".gz", dotted, dotted + ".gz"].map { "\(path)/\($0)" }
  }

  private func checkDirectory() throws(Failure) {
    var status = stat()
    guard stat(path, &status) == 0 else {
      throw Failure(
        .missingInput,
        "\(path): \(systemReason()); expected a directory with the four IDX files")
    }
    guard status.st_mode & S_IFMT == S_IFDIR else {
      throw Failure(.missingInput, "\(path): not a directory with the four IDX files")
    }
  }
}

extension Dataset {
  /// Reads the four IDX files of a directory, plain or gzip.
  ///
  /// Throws `.missingInput` for a missing directory or file, `.badData` for damaged or
  /// contradicting files, always naming the file.
  public init(directory path: String) throws(Failure) {
    let files = try DatasetDirectory(path: path).files()
    // Both at once: inflating them is most of what a start takes.
    let (training, test) = try concurrently {
      () throws(Failure) in
      try ImageSet(imageFile: files[0], labelFile: files[1])
    } _: {
      () throws(Failure) in
      try ImageSet(imageFile: files[2], labelFile: files[3])
    }
    let name = path.split(separator: "/").last.map(String.init) ?? path
    try self.init(name: name, training: training, test: test, source: path)
  }
}

extension ImageSet {
  /// Reads the two files of a directory's test set alone; throws as `Dataset` does.
  init(testSetOf directory: String) throws(Failure) {
    let names = Array(DatasetDirectory.fileNames.suffix(2))
    let files = try DatasetDirectory(path: directory).files(names)
    try self.init(imageFile: files[0], labelFile: files[1])
    guard count > 0 else { throw Failure(.badData, "\(directory): test set without samples") }
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
