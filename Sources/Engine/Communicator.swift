// How the ranks of a job exchange sums: the one interface between the engine and what carries bytes.
// Exchanges gather and never add: the order of additions is the shard tree's, not a library's.

import Glibc
import KernelTypes

/// The processes that train one model together; all ranks make the same calls in the same order.
package protocol Communicator: Sendable {
  /// Index of this process, from 0; rank 0 alone prints and writes.
  var rank: Int { get }
  /// Processes of the job.
  var size: Int { get }

  /// Completes `values` at every rank: rank `r` has filled the range `parts[r]`, in Floats, and
  /// receives the others' ranges.
  func gather(_ values: MutableFloatPointer, parts: [Range<Int>])

  /// Returns when every rank has called it.
  func barrier()

  /// Ends every rank's process with an exit status; for a failure that other ranks do not see.
  func abort(status: Int32) -> Never

  /// Says goodbye to the other ranks; no call follows.
  func finish()
}

/// The job of one process.
package struct SingleProcess: Communicator {
  package let rank = 0
  package let size = 1

  package init() {}

  package func gather(_ values: MutableFloatPointer, parts: [Range<Int>]) {}
  package func barrier() {}
  package func abort(status: Int32) -> Never { exit(status) }
  package func finish() {}
}
