// How fast several workers copy memory at once: what bounds a step that does little with much.

import Dispatch
import PTrainMemory

/// Times workers that copy, each between two buffers of its own.
package enum MemoryBenchmark {
  /// Buffers of a worker, in bytes: both in an L2 cache, and beyond what a core has of any cache.
  package static let sizes = [96 << 10, 64 << 20]
  /// What a worker copies in a timed phase.
  private static let copiedByteCount = 64 << 20

  /// Bytes read and written per second by all workers together, one value a round, for each of `sizes`.
  package static func run(
    _ configuration: EngineConfiguration, roundCount: Int
  ) throws -> [[Double]] {
    let pool = WorkerPool(
      workerCount: configuration.threadCount, cpuCount: configuration.cpuCount,
      binding: configuration.binding, warn: configuration.warn)
    defer { pool.stop() }
    return try pool.lead {
      try sizes.map { size in
        let buffers = try (0..<pool.workerCount).map { worker in
          try AlignedBuffer(
            count: 2 * size / MemoryLayout<Float>.stride,
            node: configuration.binding.memoryNode(of: configuration.binding.node(of: worker)))
        }
        // The first one makes the pages.
        return (0...roundCount).map { _ in bytesPerSecond(pool, buffers, size) }.suffix(roundCount)
      }
    }
  }

  private static func bytesPerSecond(
    _ pool: WorkerPool, _ buffers: [AlignedBuffer], _ size: Int
  ) -> Double {
    let turns = copiedByteCount / size
    let start = DispatchTime.now()
    pool.run(buffers.count) { _, task in
      let source = UnsafeMutableRawPointer(buffers[task].pointer)
      for turn in 0..<turns {
        // To and fro, so that no copy can be left out.
        let (from, to) = turn % 2 == 0 ? (source, source + size) : (source + size, source)
        to.copyMemory(from: from, byteCount: size)
      }
    }
    return Double(2 * turns * size * buffers.count) / seconds(since: start)
  }
}
