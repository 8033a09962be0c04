// `ptrain bench scaling`: training steps at several thread counts, and where their time goes.

import ArgumentParser
import PTrainArtifacts
import PTrainEngine

struct BenchScaling: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "scaling",
    abstract: "Compares thread counts, and shows where a step's time goes.",
    discussion: """
      Thread counts take turns, so that a slow moment of the machine touches all of them. Figures \
      are medians of steps; the parts of a step are means: compute and wait are the leader's share \
      of the shards and its wait for the others. Other processes cost several threads more than one, \
      since all wait for the last: where the fastest step is much faster than the median, the \
      efficiency is theirs, not ptrain's ('chrt --rr 5 ptrain bench scaling' runs before them, as \
      root).

      Example:
        ptrain bench scaling --model eva8 --threads 1,2,4,8
      """)

  private static let roundCount = 5

  @OptionGroup var options: BenchOptions

  @Option(
    help: ArgumentHelp(
      "Thread counts (default: 1, 2, 4 … up to what ptrain would use here).", valueName: "1,2,4"))
  var threads: String?

  @Option(
    help: ArgumentHelp("Bind workers to CPUs and buffers to NUMA nodes.", valueName: "mode"))
  var numa = NUMAMode.auto

  func validate() throws { _ = try threadCounts() }

  func run() throws {
    let workload = try options.workload()
    let configurations = try (threadCounts() ?? defaultThreadCounts()).map(configuration)
    let benchmarks = try configurations.map(workload.stepBenchmark)
    var samples = benchmarks.map { _ in StepSamples() }
    let stepCount = (options.steps + Self.roundCount - 1) / Self.roundCount
    for round in 0..<Self.roundCount {
      for (index, benchmark) in benchmarks.enumerated() {
        samples[index].append(
          try benchmark.run(warmUpCount: round == 0 ? options.warmUp : 1, stepCount: stepCount))
      }
    }
    let table = ScalingTable(
      workload: workload, threadCounts: configurations.map(\.threadCount), samples: samples)
    try Terminal.writeResult(options.json ? table.json.text + "\n" : table.text)
  }

  /// The counts of the option, nil without it.
  private func threadCounts() throws -> [Int]? {
    guard let threads else { return nil }
    let counts = threads.split(separator: ",", omittingEmptySubsequences: false).map {
      Int($0) ?? 0
    }
    guard counts.allSatisfy((1...MachineOptions.threadLimit).contains) else {
      throw ValidationError(
        "--threads \(threads): expected numbers from 1 to \(MachineOptions.threadLimit) with commas"
      )
    }
    return counts
  }

  private func defaultThreadCounts() throws -> [Int] {
    let most = try configuration(threadCount: nil).threadCount
    return sequence(first: 1) { $0 * 2 }.prefix { $0 < most } + [most]
  }

  private func configuration(threadCount: Int?) throws -> EngineConfiguration {
    var machine = MachineOptions()
    machine.threads = threadCount
    machine.numa = numa
    return try machine.engineConfiguration()
  }
}

/// Steps at several thread counts.
struct ScalingTable {
  var workload: BenchWorkload
  var threadCounts: [Int]
  var samples: [StepSamples]

  /// Images a second of the thread count at `index`.
  private func rate(_ index: Int) -> Double {
    Double(workload.recipe.batchSize) / median(samples[index].elapsedSeconds)
  }

  /// Relative to the first thread count, for each thread.
  private func efficiency(_ index: Int) -> Double {
    rate(index) / rate(0) * Double(threadCounts[0]) / Double(threadCounts[index])
  }

  private func milliseconds(_ index: Int) -> Double {
    1000 * median(samples[index].elapsedSeconds)
  }

  private func fastest(_ index: Int) -> Double { 1000 * samples[index].elapsedSeconds.min()! }

  private func milliseconds(_ part: StepPart, _ index: Int) -> Double {
    1000 * samples[index].partSeconds[part, default: 0]
      / Double(samples[index].elapsedSeconds.count)
  }

  var text: String {
    let header =
      ["threads", "ms/step", "fastest", "images/s", "efficiency"] + StepPart.allCases.map(\.name)
    let rows = threadCounts.indices.map { index in
      [
        "\(threadCounts[index])", fixed(milliseconds(index), 2), fixed(fastest(index), 2),
        grouped(Int(rate(index).rounded())), fixed(100 * efficiency(index), 1) + " %",
      ] + StepPart.allCases.map { fixed(milliseconds($0, index), 2) }
    }
    let name = workload.network.description.name
    return "\(name), batch \(workload.recipe.batchSize); parts of a step in ms\n"
      + ([header] + rows).map { $0.map { $0.leftPadded(to: 10) }.joined(separator: " ") + "\n" }
      .joined()
  }

  var json: JSONText {
    .array(
      threadCounts.indices.map { index in
        .object(
          JSONText.KeyValuePairs(
            [
              ("model", .string(workload.network.description.name)),
              ("threads", .integer(threadCounts[index])),
              ("batch_size", .integer(workload.recipe.batchSize)),
              ("steps", .integer(samples[index].elapsedSeconds.count)),
              ("milliseconds_per_step", .number(milliseconds(index))),
              ("fastest_milliseconds", .number(fastest(index))),
              ("images_per_second", .number(rate(index))),
              ("efficiency", .number(efficiency(index))),
            ]
              + StepPart.allCases.map {
                ("\($0.name)_milliseconds", .number(milliseconds($0, index)))
              }))
      })
  }
}

extension StepPart {
  var name: String { "\(self)" }
}
