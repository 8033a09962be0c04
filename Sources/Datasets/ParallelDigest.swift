// A digest of many bytes on several threads: a start cannot wait for SHA-256 of all.

import CPTrainZlib
import PTrainDiagnostics

/// SHA-256 over `head` and the CRC-32 (RFC 1952) of each 4 KiB of each of `parts`, as 64 hexadecimal
/// digits: a CRC notices any change of up to 32 bits in a row for certain, and nobody is an adversary
/// here. The same at any number of threads.
func contentDigest(
  _ parts: [UnsafeRawBufferPointer], head: String = "", threadCount: Int
) -> String {
  let (pieceByteCount, groupByteCount) = (4096, 1 << 20)
  // Bytes that nobody writes meanwhile.
  nonisolated(unsafe) let groups = parts.flatMap { cut($0, groupByteCount) }
  let sums = concurrentMap(groups.count, threadCount: threadCount) { index in
    cut(groups[index], pieceByteCount).flatMap { piece in
      let start = piece.bindMemory(to: UInt8.self).baseAddress
      let sum = UInt32(crc32(0, start, UInt32(piece.count)))
      return (0..<4).map { UInt8(truncatingIfNeeded: sum >> (8 * $0)) }
    }
  }
  return sha256(Array(head.utf8) + sums.joined())
}

/// Pieces of `byteCount` bytes, the last perhaps shorter.
private func cut(
  _ bytes: UnsafeRawBufferPointer, _ byteCount: Int
) -> [UnsafeRawBufferPointer] {
  stride(from: 0, to: bytes.count, by: byteCount).map {
    UnsafeRawBufferPointer(rebasing: bytes[$0..<min($0 + byteCount, bytes.count)])
  }
}
