// Raw memory for everything the kernels touch: aligned, zeroed, counted.
// Large blocks are mapped, so that they start on huge pages and return to the system at once.

import Diagnostics
import Glibc
import Synchronization

/// Zero-initialised memory aligned to 64 bytes, freed with its owner.
package final class AlignedStorage: @unchecked Sendable {
  /// Cache line and widest vector.
  package static let alignment = 64
  /// Blocks from this size on are mapped: two huge pages.
  private static let mappingThreshold = 4 << 20
  private static let hugePageSize = 2 << 20
  private static let allocations = Atomic<Int>(0)

  /// Blocks allocated by this process so far; tests watch it stand still during a training step.
  package static var allocationCount: Int { allocations.load(ordering: .relaxed) }

  package let base: UnsafeMutableRawPointer
  package let byteCount: Int
  /// What to unmap; nil for memory from the heap.
  private let mapping: UnsafeMutableRawBufferPointer?

  /// Throws `.fault` when the system has no memory left.
  package init(byteCount: Int, hugePages: Bool = true) throws(Failure) {
    precondition(byteCount >= 0)
    self.byteCount = byteCount
    if byteCount >= Self.mappingThreshold {
      let mapping = try Self.map(byteCount: byteCount)
      self.mapping = mapping
      base = Self.hugePageStart(of: mapping)
      // Only a hint: without huge pages everything works, more slowly.
      madvise(base, byteCount, hugePages ? MADV_HUGEPAGE : MADV_NOHUGEPAGE)
    } else {
      mapping = nil
      base = try Self.allocate(byteCount: byteCount)
    }
    Self.allocations.add(1, ordering: .relaxed)
  }

  deinit {
    if let mapping {
      munmap(mapping.baseAddress, mapping.count)
    } else {
      free(base)
    }
  }

  private static func allocate(byteCount: Int) throws(Failure) -> UnsafeMutableRawPointer {
    // Whole cache lines, so that no two blocks share one.
    let size = max(alignment, (byteCount + alignment - 1) / alignment * alignment)
    guard let base = aligned_alloc(alignment, size) else { throw outOfMemory(byteCount) }
    memset(base, 0, size)
    return base
  }

  private static func map(byteCount: Int) throws(Failure) -> UnsafeMutableRawBufferPointer {
    let (size, overflow) = byteCount.addingReportingOverflow(hugePageSize)
    guard !overflow,
      let base = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
      base != MAP_FAILED
    else { throw outOfMemory(byteCount) }
    return UnsafeMutableRawBufferPointer(start: base, count: size)
  }

  private static func hugePageStart(
    of mapping: UnsafeMutableRawBufferPointer
  ) -> UnsafeMutableRawPointer {
    mapping.baseAddress!.alignedUp(toMultipleOf: hugePageSize)
  }

  private static func outOfMemory(_ byteCount: Int) -> Failure {
    Failure(
      .fault, "out of memory: \(byteCount) bytes are not available; try a smaller --batch-size")
  }
}
