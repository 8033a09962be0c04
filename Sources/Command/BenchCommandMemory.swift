// `ptrain bench memory`: how fast several workers copy at once.

import ArgumentParser
import PTrainArtifacts
import PTrainEngine

struct BenchMemory: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "memory",
    abstract: "Times workers that copy memory at the same time.",
    discussion: """
      Every worker copies between two buffers of its own: of 96 KB, which an L2 cache holds, and of \
      64 MB, which come from memory. Figures are gigabytes a second, read and written, of all \
      workers together; medians.

      Example:
        ptrain bench memory --threads 1,2,4
      """)

  @OptionGroup var threadCounts: ThreadCountOptions

  @Option(help: ArgumentHelp("Timed rounds of copies.", valueName: "n"))
  var rounds = 20

  @Flag(help: "Print the result as JSON.")
  var json = false

  func validate() throws { try checkLimit("--rounds", rounds) }

  func run() throws {
    let rows = try threadCounts.configurations().map { configuration in
      MemoryRow(
        threadCount: configuration.threadCount,
        gigabytes: try MemoryBenchmark.run(configuration, roundCount: rounds).map {
          1e-9 * median($0)
        })
    }
    let text = JSONText.array(rows.map(\.json)).text + "\n"
    try Terminal.writeResult(json ? text : MemoryRow.table(rows))
  }
}

/// Copies at one thread count, in the order of `MemoryBenchmark.sizes`.
private struct MemoryRow {
  var threadCount: Int
  var gigabytes: [Double]

  static func table(_ rows: [MemoryRow]) -> String {
    let header = ["threads", "L2, GB/s", "memory, GB/s"]
    let lines = rows.map { row in ["\(row.threadCount)"] + row.gigabytes.map { fixed($0, 1) } }
    return rightAligned([header] + lines, width: 14)
  }

  var json: JSONText {
    .object([
      "threads": .integer(threadCount), "l2_gbytes": .number(gigabytes[0]),
      "memory_gbytes": .number(gigabytes[1]),
    ])
  }
}
