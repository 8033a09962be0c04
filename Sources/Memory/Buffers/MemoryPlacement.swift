// Asks the system to put pages on certain NUMA nodes, through libnuma's mbind.
// Containers often forbid it; training goes on with unbound memory and one warning.

import Glibc

#if NUMA
  import CPTrainNuma
#endif

/// The nodes that hold a block's pages.
package enum MemoryPlacement: Equatable, Sendable {
  /// The node of the CPU that touches a page first.
  case firstTouch
  /// One node as long as it has free memory. The strict policy would end the process instead of
  /// taking another node's memory.
  case node(Int)
  /// Page by page over several nodes.
  case interleaved([Int])

  var isInterleaved: Bool {
    if case .interleaved = self { true } else { false }
  }

}

#if NUMA
  extension MemoryPlacement {
    private var policy: (mode: Int32, nodes: [Int])? {
      switch self {
      case .firstTouch: nil
      case .node(let node): (Int32(MPOL_PREFERRED), [node])
      case .interleaved(let nodes): (Int32(MPOL_INTERLEAVE), nodes)
      }
    }

    /// Applies to untouched pages; `region` starts and ends at pages. Returns why it cannot.
    func apply(to region: UnsafeMutableRawBufferPointer) -> String? {
      guard let policy else { return nil }
      guard numa_available() >= 0 else { return "the system offers no NUMA policy" }
      let mask = CPUSet(policy.nodes).words.map { UInt($0) }
      guard !mask.isEmpty else { return "no NUMA node given" }
      // The kernel reads one bit less than the count it is told.
      let bitCount = UInt(mask.count * UInt.bitWidth + 1)
      let status = mbind(
        region.baseAddress, UInt(region.count), policy.mode, mask, bitCount, 0)
      guard status != 0 else { return nil }
      return "memory cannot be bound to NUMA node \(CPUSet(policy.nodes)): \(systemReason())"
    }

    private func systemReason() -> String { String(cString: strerror(errno)) }

    /// The node that holds the page at `address`, which must have been touched; nil if unknown.
    static func node(ofPageAt address: UnsafeRawPointer) -> Int? {
      var node: Int32 = -1
      let flags = UInt32(MPOL_F_NODE) | UInt32(MPOL_F_ADDR)
      let page = UnsafeMutableRawPointer(mutating: address)
      guard get_mempolicy(&node, nil, 0, page, flags) == 0 else { return nil }
      return Int(node)
    }
  }
#else
  extension MemoryPlacement {
    func apply(to region: UnsafeMutableRawBufferPointer) -> String? {
      self == .firstTouch ? nil : "memory cannot be bound: built without the trait NUMA"
    }

    static func node(ofPageAt address: UnsafeRawPointer) -> Int? { nil }
  }
#endif
