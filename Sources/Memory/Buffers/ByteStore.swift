// Bytes that nobody writes once they are filled: the images of a dataset.
// Copies and parts share the memory, whose address workers may keep, as an array's they may not.

import Glibc
import PTrainDiagnostics

/// A row of bytes in aligned memory, on huge pages where it is large.
package struct ByteStore: RandomAccessCollection, Equatable, @unchecked Sendable {
  private let storage: AlignedStorage
  /// Valid as long as a store with this memory lives.
  package let base: UnsafePointer<UInt8>
  package let count: Int

  /// Allocates `capacity` bytes; `fill` writes them and returns how many it has written.
  ///
  /// Throws what `fill` throws, and `.fault` without memory.
  package init(
    capacity: Int, fill: (UnsafeMutableRawBufferPointer) throws(Failure) -> Int
  ) throws(Failure) {
    storage = try AlignedStorage(byteCount: capacity)
    count = try fill(UnsafeMutableRawBufferPointer(start: storage.base, count: capacity))
    precondition(0 <= count && count <= capacity)
    base = UnsafePointer(storage.base.bindMemory(to: UInt8.self, capacity: capacity))
  }

  /// A copy of an array.
  package init(_ bytes: [UInt8]) throws(Failure) {
    try self.init(capacity: bytes.count) { buffer in
      buffer.copyBytes(from: bytes)
      return bytes.count
    }
  }

  private init(_ store: ByteStore, _ range: Range<Int>) {
    precondition(0 <= range.lowerBound && range.upperBound <= store.count)
    storage = store.storage
    base = store.base + range.lowerBound
    count = range.count
  }

  package var startIndex: Int { 0 }
  package var endIndex: Int { count }

  package subscript(index: Int) -> UInt8 {
    precondition(0 <= index && index < count)
    return base[index]
  }

  /// The bytes of `range`, counted from 0 again.
  package func part(_ range: Range<Int>) -> ByteStore { ByteStore(self, range) }

  package func withUnsafeBufferPointer<Result>(
    _ body: (UnsafeBufferPointer<UInt8>) throws -> Result
  ) rethrows -> Result {
    try body(UnsafeBufferPointer(start: base, count: count))
  }

  package static func == (a: ByteStore, b: ByteStore) -> Bool {
    a.count == b.count && memcmp(a.base, b.base, a.count) == 0
  }
}
