// Raw memory for everything the kernels touch: aligned, zeroed, counted, on a node of choice.
// Large blocks are mapped, so that they start on huge pages and return to the system at once.

import Glibc
import PTrainDiagnostics
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
  /// Why the placement that was asked for could not be had; the memory is then unbound.
  package private(set) var placementFailure: String?
  /// What to unmap; nil for memory from the heap.
  private let mapping: UnsafeMutableRawBufferPointer?

  /// Throws `.fault` when the system has no memory left.
  ///
  /// `hugePages` is a hint for large blocks. Interleaved ones never get huge pages, which would
  /// make the shares of the nodes uneven.
  package init(
    byteCount: Int, placement: MemoryPlacement = .firstTouch, hugePages: Bool = true
  ) throws(Failure) {
    precondition(byteCount >= 0)
    self.byteCount = byteCount
    if byteCount >= Self.mappingThreshold || placement != .firstTouch {
      let mapping = try Self.map(byteCount: byteCount)
      self.mapping = mapping
      base = mapping.baseAddress!.alignedUp(toMultipleOf: Self.hugePageSize)
      Self.advise(base, byteCount, hugePages: hugePages && !placement.isInterleaved)
      placementFailure = placement.apply(to: mapping)
    } else {
      mapping = nil
      base = try Self.allocate(byteCount: byteCount)
      placementFailure = nil
    }
    Self.allocations.add(1, ordering: .relaxed)
  }

  /// Moves the untouched pages that start in a range of bytes to a node; for placed blocks only.
  func place(_ bytes: Range<Int>, onNode node: Int) {
    precondition(mapping != nil && 0 <= bytes.lowerBound && bytes.upperBound <= byteCount)
    let pageSize = Int(sysconf(Int32(_SC_PAGESIZE)))
    let first = (bytes.lowerBound + pageSize - 1) / pageSize * pageSize
    let end = (bytes.upperBound + pageSize - 1) / pageSize * pageSize
    guard first < end else { return }
    let pages = UnsafeMutableRawBufferPointer(start: base + first, count: end - first)
    if let reason = MemoryPlacement.node(node).apply(to: pages) { placementFailure = reason }
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

  /// Address space for the block wherever its first huge page begins; untouched pages cost nothing.
  private static func map(byteCount: Int) throws(Failure) -> UnsafeMutableRawBufferPointer {
    let (size, overflow) = byteCount.addingReportingOverflow(hugePageSize)
    guard !overflow,
      let base = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
      base != MAP_FAILED
    else { throw outOfMemory(byteCount) }
    return UnsafeMutableRawBufferPointer(start: base, count: size)
  }

  /// Only a hint: whatever the system makes of it, the memory works.
  private static func advise(
    _ base: UnsafeMutableRawPointer, _ byteCount: Int, hugePages: Bool
  ) {
    guard byteCount >= mappingThreshold else { return }
    madvise(base, byteCount, hugePages ? MADV_HUGEPAGE : MADV_NOHUGEPAGE)
  }

  private static func outOfMemory(_ byteCount: Int) -> Failure {
    Failure(
      .fault, "out of memory: \(byteCount) bytes are not available; try a smaller --batch-size")
  }
}
