// Several thread counts to compare, and where their workers go.

import ArgumentParser
import PTrain
import PTrainEngine

struct ThreadCountOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Thread counts (default: 1, 2, 4 … up to what ptrain would use here).", valueName: "1,2,4"))
  var threads: String?

  @Option(
    help: ArgumentHelp("Bind workers to CPUs and buffers to NUMA nodes.", valueName: "mode"))
  var numa = NUMAMode.auto

  func validate() throws { _ = try threadCounts() }

  func configurations() throws -> [EngineConfiguration] {
    try (threadCounts() ?? defaultThreadCounts()).map(configuration)
  }

  /// The counts of the option, nil without it.
  private func threadCounts() throws -> [Int]? {
    guard let threads else { return nil }
    let counts = threads.split(separator: ",", omittingEmptySubsequences: false).map {
      Int($0) ?? 0
    }
    guard counts.allSatisfy((1...Machine.threadLimit).contains) else {
      throw ValidationError(
        "--threads \(threads): expected numbers from 1 to \(Machine.threadLimit) with commas")
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
