// How the ranks of a job exchange sums: the one interface between the engine and what carries bytes.
// Exchanges gather and never add: the order of additions is the shard tree's, not a library's.

import PTrainCLibrary
import PTrainKernelTypes

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

extension Communicator {
  /// The sum of every rank's `count`, exact up to 2^24; all ranks call it.
  func sum(_ count: Int) -> Int {
    guard size > 1 else { return count }
    var counts = [Float](repeating: 0, count: size)
    counts[rank] = Float(count)
    counts.withUnsafeMutableBufferPointer {
      gather($0.baseAddress!, parts: (0..<size).map { $0..<$0 + 1 })
    }
    return counts.reduce(0) { $0 + Int($1) }
  }
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

/// One call's part of a gather: libraries count in 32 bits, a model's rows may hold more floats.
struct GatherPiece {
  /// Floats that all calls before this one have completed.
  let start: Int
  private let end: Int

  /// Pieces of at most `limit` floats, in order, that cover every part.
  static func all(of parts: [Range<Int>], limit: Int = Int(Int32.max)) -> some Sequence<GatherPiece>
  {
    let end = parts.reduce(0) { max($0, $1.upperBound) }
    return stride(from: 0, to: end, by: limit).lazy.map {
      GatherPiece(start: $0, end: min($0 + limit, end))
    }
  }

  /// What this call takes of a part: how many floats, and where from, counted from `start`.
  func share(of part: Range<Int>) -> (count: Int32, offset: Int32) {
    let share = part.clamped(to: start..<end)
    return (Int32(share.count), Int32(share.lowerBound - start))
  }
}
