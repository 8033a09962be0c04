// Which NUMA node holds each page of a piece of memory: the system's answer to whether binding worked.

import Glibc

#if NUMA
  import CPTrainNuma
#endif

/// Page-wise look at memory through `move_pages`, which moves nothing here.
package enum PageNodes {
  /// Nodes of the touched pages that lie wholly inside `region`; nil if the system does not tell.
  package static func nodes(of region: UnsafeRawBufferPointer) -> [Int]? {
    #if NUMA
      let pageSize = sysconf(Int32(_SC_PAGESIZE))
      guard var page = region.baseAddress?.alignedUp(toMultipleOf: pageSize) else { return [] }
      let end = region.baseAddress! + region.count
      var pages: [UnsafeMutableRawPointer?] = []
      while page + pageSize <= end {
        pages.append(UnsafeMutableRawPointer(mutating: page))
        page += pageSize
      }
      var nodes = [Int32](repeating: -1, count: pages.count)
      guard move_pages(0, UInt(pages.count), &pages, nil, &nodes, 0) == 0 else { return nil }
      // A negative number is an error: the page was never touched.
      return nodes.filter { $0 >= 0 }.map { Int($0) }
    #else
      return nil
    #endif
  }
}
