// Float memory for activations, gradients and parameters.
// Owns what kernels see only as pointers; freed when the last reference goes.

import Diagnostics

/// `count` Floats, zero at first, aligned to 64 bytes.
public final class AlignedBuffer: @unchecked Sendable {
  /// Valid as long as the buffer lives; writers must not overlap.
  public let pointer: UnsafeMutablePointer<Float>
  public let count: Int
  private let storage: AlignedStorage

  /// Buffers and other aligned blocks allocated by this process so far.
  package static var allocationCount: Int { AlignedStorage.allocationCount }

  /// Allocates `count` zeros.
  ///
  /// `hugePages` asks for huge pages where the buffer is large. Throws `.fault` without memory.
  public init(count: Int, hugePages: Bool = true) throws(Failure) {
    let (byteCount, overflow) = count.multipliedReportingOverflow(by: MemoryLayout<Float>.stride)
    guard count >= 0, !overflow else {
      throw Failure(.fault, "a buffer of \(count) numbers cannot exist")
    }
    storage = try AlignedStorage(byteCount: byteCount, hugePages: hugePages)
    pointer = storage.base.bindMemory(to: Float.self, capacity: max(count, 1))
    self.count = count
  }

  /// All elements; valid as long as the buffer lives.
  public var elements: UnsafeMutableBufferPointer<Float> {
    UnsafeMutableBufferPointer(start: pointer, count: count)
  }
}
