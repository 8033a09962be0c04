// `ptrain bench data`: how long data takes to be read, the first time and the second.

import ArgumentParser
import PTrain
import PTrainArtifacts
import PTrainDiagnostics

struct BenchData: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "data",
    abstract: "Times the reading of data, decoded and from the cache.",
    discussion: """
      Image files are read and decoded, then read from the cache, which the second reading fills if \
      need be. The digest covers pixels and labels of all parts.

      Example:
        ptrain bench data --data photos --size 96 --threads 2 --json
      """)

  @OptionGroup(title: "Data") var data: DataOptions
  @OptionGroup(title: "Machine") var machine: MachineOptions

  @Flag(help: "Print the result as JSON.")
  var json = false

  func validate() throws {
    guard data.limitTest == nil else {
      throw ValidationError("--limit-test: all of the data is read")
    }
  }

  func run() throws {
    let (dataset, seconds) = try timed { try data.dataset(threads: machine.threads, keeps: false) }
    // Fills the cache, then reads it.
    _ = try data.dataset(threads: machine.threads)
    let (_, cachedSeconds) = try timed { try data.dataset(threads: machine.threads) }
    let parts = [dataset.training, dataset.validation, dataset.test].compactMap { $0 }
    let result = DataTiming(
      imageCount: parts.map(\.count).reduce(0, +), shape: dataset.training.imageShape.text,
      seconds: seconds, cachedSeconds: cachedSeconds, digest: DataDigests(dataset).whole)
    try Terminal.writeResult((json ? result.json.text : result.line) + "\n")
  }

  private func timed(
    _ body: () throws -> (dataset: Dataset, lines: [String])
  ) throws -> (Dataset, Double) {
    let start = Terminal.now()
    let dataset = try body().dataset
    return (dataset, Terminal.now() - start)
  }
}

private struct DataTiming {
  let imageCount: Int
  let shape: String
  let seconds: Double
  let cachedSeconds: Double
  let digest: String

  private var imagesPerSecond: Double { Double(imageCount) / seconds }

  var json: JSONText {
    .object([
      "images": .integer(imageCount), "shape": .string(shape), "seconds": .number(seconds),
      "images_per_second": .number(imagesPerSecond), "cached_seconds": .number(cachedSeconds),
      "digest": .string(digest),
    ])
  }

  var line: String {
    "\(grouped(imageCount)) images of \(shape): \(fixed(seconds, 2)) s, "
      + "\(grouped(Int(imagesPerSecond.rounded()))) images/s; again \(fixed(cachedSeconds, 2)) s; "
      + "digest \(digest.prefix(12))"
  }
}
