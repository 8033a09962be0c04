// Where a system refuses threads for want of address space, their stacks have taken all that there is:
// the next allocation would end the program. A part is kept back until the last one has started.

import CPTrainShims
import Glibc

/// What a limit of the address space asks of a process.
package enum AddressSpace {
  /// Lets threads share one heap where the address space is limited: heaps of their own reserve 64 MiB
  /// each. For the start of a program, before there are other threads.
  package static func shareHeapsWhereLimited() {
    var limit = rlimit()
    if getrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit) == 0,
      limit.rlim_cur != rlim_t.max
    {
      ptrain_share_heaps()
    }
  }
}

/// Address space without memory behind it; it is there until `release`.
package struct AddressSpaceReserve: ~Copyable {
  private let start: UnsafeMutableRawPointer?
  private let byteCount: Int

  /// Takes so much, or half of it and so on where there is no such room; nothing below a MiB.
  package init(byteCount wanted: Int) {
    var byteCount = wanted
    var start = Self.reserve(byteCount)
    while start == nil && byteCount > 1 << 20 {
      byteCount /= 2
      start = Self.reserve(byteCount)
    }
    self.start = start
    self.byteCount = byteCount
  }

  private static func reserve(_ byteCount: Int) -> UnsafeMutableRawPointer? {
    let start = mmap(
      nil, byteCount, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | Int32(MAP_NORESERVE), -1, 0)
    return start == MAP_FAILED ? nil : start
  }

  /// Gives it back to be allocated.
  package consuming func release() {
    if let start { munmap(start, byteCount) }
  }
}
