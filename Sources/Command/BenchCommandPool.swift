// `ptrain bench pool`: what a phase costs beside its work.

import ArgumentParser
import PTrainArtifacts
import PTrainEngine

struct BenchPool: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pool",
    abstract: "Times phases of the worker threads that have nothing to do.",
    discussion: """
      A training step is a number of phases: all workers take tasks, and the next phase begins when \
      the last task is done. Timed are phases with one task for each worker: empty ones, and ones \
      whose tasks take 2 µs. Medians; more workers than CPUs take turns, and cost what that takes.

      Example:
        ptrain bench pool --threads 1,2,16
      """)

  @OptionGroup var threadCounts: ThreadCountOptions

  @Option(help: ArgumentHelp("Timed phases of each kind.", valueName: "n"))
  var phases = 2000

  @Flag(help: "Print the result as JSON.")
  var json = false

  func validate() throws { try checkLimit("--phases", phases) }

  func run() throws {
    let rows = try threadCounts.configurations().map { configuration in
      PoolRow(
        threadCount: configuration.threadCount,
        samples: try PoolBenchmark.run(configuration, phaseCount: phases))
    }
    let text = JSONText.array(rows.map(\.json)).text + "\n"
    try Terminal.writeResult(json ? text : PoolRow.table(rows))
  }
}

/// Phases at one thread count.
private struct PoolRow {
  var threadCount: Int
  var samples: PoolBenchmark.Samples

  private var empty: Double { 1e6 * median(samples.empty) }
  private var short: Double { 1e6 * median(samples.short) }
  private var overhead: Double { short - Double(PoolBenchmark.taskNanoseconds) * 1e-3 }

  static func table(_ rows: [PoolRow]) -> String {
    let header = ["threads", "empty, µs", "tasks of 2 µs", "beside them"]
    let lines = rows.map { row in
      ["\(row.threadCount)"] + [row.empty, row.short, row.overhead].map { fixed($0, 2) }
    }
    return rightAligned([header] + lines, width: 14)
  }

  var json: JSONText {
    .object([
      "threads": .integer(threadCount), "phases": .integer(samples.empty.count),
      "empty_microseconds": .number(empty), "short_microseconds": .number(short),
      "overhead_microseconds": .number(overhead),
    ])
  }
}
