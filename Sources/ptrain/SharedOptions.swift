// Options that several subcommands share, so that they mean and refuse the same everywhere.

import ArgumentParser
import Datasets
import Engine
import FoundationEssentials
import Glibc
import Networks

/// `--model`.
struct ModelOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      """
      A preset (see 'ptrain models') or a description file (default: \(Self.defaultName)).
      """, valueName: "name|file.yaml"), completion: .model)
  var model: String?

  private static let defaultName = "compact"

  init() {}

  init(model: String) { self.model = model }

  /// The description that the option names.
  func description() throws -> ModelDescription { try .load(nameOrFile: name) }

  /// A preset's name or a file's path.
  var name: String { model ?? Self.defaultName }
}

/// `--data` and how it is read.
struct DataOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      """
      A directory or a file with the data, known by what it holds: MNIST's four IDX files, CIFAR's \
      binary files, a .npz of numpy's or .csv tables \
      (default: $PTRAIN_DATA, else MNIST from the cache or a download, else Fashion-MNIST).
      """, valueName: "path"))
  var data: String?

  @Flag(help: "Exchange rows and columns of the data's images, which EMNIST's files need.")
  var transpose = false

  @Option(help: ArgumentHelp("Use the first N test samples only.", valueName: "n"))
  var limitTest: Int?

  func validate() throws { try checkLimit("--limit-test", limitTest) }

  /// Finds and reads the data; `lines` tell which was found, and what is remarkable about it.
  func dataset(
    limitTrain: Int? = nil, testShare: Double? = nil, seed: UInt64 = 1
  ) throws -> (dataset: Dataset, lines: [String]) {
    let source = try locate()
    var options = readingOptions
    (options.testShare, options.seed) = (testShare, seed)
    var (dataset, remarks) = try source.load(options)
    try dataset.limit(training: limitTrain, test: limitTest)
    return (dataset, ["Data: \(dataset.name) from \(source.path)"] + remarks)
  }

  /// The same for the test set alone, which needs no other file.
  func testSet() throws -> (set: ImageSet, lines: [String]) {
    let source = try locate()
    let (set, remarks) = try source.loadTestSet(readingOptions)
    return (
      set[0..<min(limitTest ?? set.count, set.count)],
      ["Data: test set from \(source.path)"] + remarks
    )
  }

  private var readingOptions: ReadingOptions {
    var options = ReadingOptions()
    options.transposes = transpose
    return options
  }

  private func locate() throws -> DataSource {
    if data == nil, let bytes = getenv("PTRAIN_DATA") {
      try ArgumentBytes.check(bytes, "PTRAIN_DATA")
    }
    return try Job.leaderFirst {
      try DataSource.locate(
        option: data, environment: ProcessInfo.processInfo.environment, report: remark)
    }
  }

  private func remark(_ event: DataSourceEvent) {
    guard Job.isLeader else { return }
    guard case .progress = event else { return Terminal.remark(event.description) }
    if Terminal.drawsBars { Terminal.redraw(event.description) }
  }
}

/// Refuses to use no samples at all.
func checkLimit(_ option: String, _ count: Int?) throws {
  guard count ?? 1 >= 1 else { throw ValidationError("\(option) \(count!): expected 1 or more") }
}

enum NUMAMode: String, CaseIterable, ExpressibleByArgument { case auto, off }

/// `--threads` and `--numa`.
struct MachineOptions: ParsableArguments {
  static let threadLimit = 1024

  @Option(
    help: ArgumentHelp(
      """
      Worker threads of each process (default: the physical cores that this process may use, within \
      its CPU quota).
      """, valueName: "n"))
  var threads: Int?

  @Option(
    help: ArgumentHelp(
      """
      Bind workers to CPUs and buffers to NUMA nodes; off for machines that are shared with others \
      and containers that forbid binding.
      """, valueName: "mode"))
  var numa = NUMAMode.auto

  func validate() throws {
    guard (1...Self.threadLimit).contains(threads ?? 1) else {
      throw ValidationError("--threads \(threads ?? 0): expected 1 to \(Self.threadLimit)")
    }
  }
}
