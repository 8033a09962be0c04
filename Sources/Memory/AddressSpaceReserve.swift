// Where a system refuses threads for want of address space, their stacks have taken all that there is:
// the next allocation would end the program. A part is kept back until the last one has started.

import CShims
import Glibc

/// Address space without memory behind it; it is there until `release`.
package struct AddressSpaceReserve: ~Copyable {
  private let start: UnsafeMutableRawPointer?
  private let byteCount: Int

  /// Takes it, or nothing where there is no such room.
  package init(byteCount: Int) {
    let start = mmap(
      nil, byteCount, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | Int32(MAP_NORESERVE), -1, 0)
    self.start = start == MAP_FAILED ? nil : start
    self.byteCount = byteCount
  }

  /// Gives it back to be allocated. Where room is scarce, threads share the heaps that there are from now
  /// on instead of reserving some of their own.
  package consuming func release(isScarce: Bool) {
    if isScarce { ptrain_share_heaps() }
    if let start { munmap(start, byteCount) }
  }
}
