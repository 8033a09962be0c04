// Which data a run reads: the option, the environment, the cache, a download, Fashion-MNIST.
// One order for every command, so that a model is evaluated on what it was trained on.

import PTrainDiagnostics

/// What happens while data is looked for; `description` is the line for the terminal.
package enum DataSourceEvent: Equatable, Sendable, CustomStringConvertible {
  case downloading(address: String)
  /// Several times a second while a file comes in.
  case progress(file: String, receivedByteCount: Int)
  /// A mirror did not deliver.
  case mirrorFailed(String)
  /// MNIST is out of reach; another dataset takes its place.
  case fallback(reason: String, directory: String)

  package var description: String {
    switch self {
    case .downloading(let address): "Downloading \(address)"
    case .progress(let file, let count): "\(file): \(count / 1000) kB"
    case .mirrorFailed(let reason): "Mirror failed: \(reason)"
    case .fallback(let reason, let directory):
      "WARNING: MNIST is not available (\(reason)). USING FASHION-MNIST from \(directory) instead."
    }
  }
}

/// Where a dataset lies, and how it was found.
package struct DataSource: Equatable, Sendable {
  package enum Origin: Equatable, Sendable {
    case option, environment, cache, download, fashionMNIST
  }

  /// A directory or a file.
  package let path: String
  package let origin: Origin

  /// Where Debian's package dataset-fashion-mnist puts its files.
  package static let fashionMNISTDirectory = "/usr/share/datasets/fashion-mnist"

  /// Finds the data of a run: `option`, then `PTRAIN_DATA`, then the cache, then a
  /// download into the cache, then Fashion-MNIST.
  ///
  /// A path that the user names is taken as it is; reading it tells what it lacks. Throws
  /// `.missingInput` if there is nothing.
  package static func locate(
    option: String?, environment: [String: String], download: Download = .mnist,
    fashionMNIST: String = fashionMNISTDirectory, report: (DataSourceEvent) -> Void
  ) throws(Failure) -> DataSource {
    if let option { return DataSource(path: option, origin: .option) }
    if let directory = environment["PTRAIN_DATA"], !directory.isEmpty {
      return DataSource(path: directory, origin: .environment)
    }
    do {
      return try cached(environment, download, report)
    } catch {
      guard (try? IDXFiles(path: fashionMNIST).files()) != nil else {
        throw Failure(
          .missingInput,
          "no data: \(error.message), and no Fashion-MNIST in \(fashionMNIST); pass ",
          naming: .dataset, " or install dataset-fashion-mnist"
        )
      }
      report(.fallback(reason: error.message, directory: fashionMNIST))
      return DataSource(path: fashionMNIST, origin: .fashionMNIST)
    }
  }

  private static func cached(
    _ environment: [String: String], _ download: Download, _ report: (DataSourceEvent) -> Void
  ) throws(Failure) -> DataSource {
    let directory = try cacheDirectory(environment)
    if (try? IDXFiles(path: directory).files()) != nil {
      return DataSource(path: directory, origin: .cache)
    }
    try download.fetch(into: directory, report: report)
    return DataSource(path: directory, origin: .download)
  }

  /// `$XDG_CACHE_HOME/ptrain/mnist`, else `~/.cache/ptrain/mnist`; relative values are ignored,
  /// as the XDG base directory specification demands.
  static func cacheDirectory(
    _ environment: [String: String], _ name: String = "mnist"
  ) throws(Failure) -> String {
    if let base = environment["XDG_CACHE_HOME"], base.hasPrefix("/") {
      return "\(base)/ptrain/\(name)"
    }
    guard let home = environment["HOME"], home.hasPrefix("/") else {
      throw Failure(.missingInput, "neither XDG_CACHE_HOME nor HOME names a cache directory")
    }
    return "\(home)/.cache/ptrain/\(name)"
  }

  /// Where decoded files are kept; nil where the environment names no place for caches.
  package static func decodedCacheDirectory(_ environment: [String: String]) -> String? {
    try? cacheDirectory(environment, "decoded")
  }

  /// Reads the dataset; `remarks` are lines for the terminal.
  package func load(
    _ options: ReadingOptions = ReadingOptions()
  ) throws(Failure) -> (dataset: Dataset, remarks: [String]) { try Dataset.read(path, options) }

  /// Reads its test set; the training files may be missing.
  package func loadTestSet(
    _ options: ReadingOptions = ReadingOptions()
  ) throws(Failure) -> (set: ImageSet, remarks: [String]) {
    try ImageSet.readTestSet(path, options)
  }
}
