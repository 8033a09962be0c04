// Float memory for activations, gradients and parameters.
// Owns what kernels see only as pointers; freed when the last reference goes.

import PTrainDiagnostics

/// `count` Floats, zero at first, aligned to 64 bytes.
package final class AlignedBuffer: @unchecked Sendable {
  /// Valid as long as the buffer lives; writers must not overlap.
  package let pointer: UnsafeMutablePointer<Float>
  package let count: Int
  private let storage: AlignedStorage

  /// Buffers and other aligned blocks allocated by this process so far.
  package static var allocationCount: Int { AlignedStorage.allocationCount }

  /// Allocates `count` zeros.
  ///
  /// `node` is the NUMA node for the pages; nil leaves them to the CPU that touches them first.
  /// Where the system refuses, the memory is unbound and `placementFailure` tells why.
  /// `hugePages` asks for huge pages where the buffer is large. Throws `.fault` without memory.
  package convenience init(
    count: Int, node: Int? = nil, hugePages: Bool = true
  ) throws(Failure) {
    let placement = node.map { MemoryPlacement.node($0) } ?? .firstTouch
    try self.init(count: count, placement: placement, hugePages: hugePages)
  }

  /// Allocates `count` zeros on the nodes of `placement`.
  package init(
    count: Int, placement: MemoryPlacement, hugePages: Bool = true
  ) throws(Failure) {
    let (byteCount, overflow) = count.multipliedReportingOverflow(by: MemoryLayout<Float>.stride)
    guard count >= 0, !overflow else {
      throw Failure(.fault, "a buffer of \(count) numbers cannot exist")
    }
    storage = try AlignedStorage(
      byteCount: byteCount, placement: placement, hugePages: hugePages)
    pointer = storage.base.bindMemory(to: Float.self, capacity: max(count, 1))
    self.count = count
  }

  /// Why the pages are not on the nodes that were asked for; nil if they are, or none were.
  package var placementFailure: String? { storage.placementFailure }

  /// Moves the pages of some elements to a node; for buffers with a placement, before they are touched.
  ///
  /// A page at an end of the range goes with the element that it starts with.
  package func place(_ elements: Range<Int>, onNode node: Int) {
    let stride = MemoryLayout<Float>.stride
    storage.place(elements.lowerBound * stride..<elements.upperBound * stride, onNode: node)
  }

  /// The node that holds an element's page, which must have been written; nil if unknown.
  package func node(ofElement index: Int) -> Int? {
    MemoryPlacement.node(ofPageAt: pointer + index)
  }

  /// All elements; valid as long as the buffer lives.
  package var elements: UnsafeMutableBufferPointer<Float> {
    UnsafeMutableBufferPointer(start: pointer, count: count)
  }
}
