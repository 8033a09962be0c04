// A digest of many bytes on several threads: a start that reads them is to take less than a second.

import CZlib
import Diagnostics

/// SHA-256 over the CRC-32 (RFC 1952) of each MiB of each of `parts`, as 64 hexadecimal digits: against
/// damage, not against an adversary. The same at any number of threads.
func contentDigest(_ parts: [UnsafeRawBufferPointer], threadCount: Int) -> String {
  let pieceByteCount = 1 << 20
  // Bytes that nobody writes meanwhile.
  nonisolated(unsafe) let pieces = parts.flatMap { part in
    stride(from: 0, to: part.count, by: pieceByteCount).map {
      UnsafeRawBufferPointer(rebasing: part[$0..<min($0 + pieceByteCount, part.count)])
    }
  }
  let sums = concurrentMap(pieces.count, threadCount: threadCount) { index in
    let start = pieces[index].bindMemory(to: UInt8.self).baseAddress
    return UInt32(crc32(0, start, UInt32(pieces[index].count)))
  }
  return sha256(sums.flatMap { sum in (0..<4).map { UInt8(truncatingIfNeeded: sum >> (8 * $0)) } })
}
