// What it costs to open a phase, have every worker take a task of it, and see its end.

import Dispatch

/// Times phases of a worker pool that have nothing else to do.
package enum PoolBenchmark {
  /// Work of a task that is not empty.
  package static let taskNanoseconds: UInt64 = 2000

  /// Seconds of each phase: of as many tasks as workers that do nothing, and of as many that take
  /// `taskNanoseconds` each.
  package struct Samples: Sendable {
    package var empty: [Double] = []
    package var short: [Double] = []

    package init() {}
  }

  /// Times `phaseCount` phases of each kind in turn, after a tenth as many that are not counted.
  package static func run(
    _ configuration: EngineConfiguration, phaseCount: Int
  ) throws -> Samples {
    let pool = WorkerPool(
      workerCount: configuration.threadCount, cpuCount: configuration.cpuCount,
      binding: configuration.binding, warn: configuration.warn)
    defer { pool.stop() }
    return try pool.lead {
      var samples = Samples()
      for phase in -(phaseCount / 10)..<phaseCount {
        let empty = time(pool) { _, _ in }
        let short = time(pool) { _, _ in work() }
        guard phase >= 0 else { continue }
        samples.empty.append(empty)
        samples.short.append(short)
      }
      return samples
    }
  }

  private static func time(_ pool: WorkerPool, _ body: @escaping WorkerPool.Body) -> Double {
    let start = DispatchTime.now().uptimeNanoseconds
    pool.run(pool.workerCount, body)
    return Double(DispatchTime.now().uptimeNanoseconds - start) * 1e-9
  }

  private static func work() {
    let end = DispatchTime.now().uptimeNanoseconds + taskNanoseconds
    while DispatchTime.now().uptimeNanoseconds < end {}
  }
}
