// Alignment, zeros and the allocation counter of buffers.
// Kernels load whole vectors without checks, so these hold for every size.

import PTrainDiagnostics
import Testing

@testable import PTrainMemory

@Suite struct AlignedBufferTests {
  @Test(arguments: [0, 1, 16, 17, 1 << 20, (1 << 20) + 1, 3 << 20])
  func isAlignedAndZero(count: Int) throws {
    let buffer = try AlignedBuffer(count: count)
    #expect(buffer.count == count)
    #expect(UInt(bitPattern: buffer.pointer) % 64 == 0)
    #expect(buffer.elements.allSatisfy { $0 == 0 })
    if count > 0 {
      buffer.elements[count - 1] = 3
      #expect(buffer.pointer[count - 1] == 3)
    }
  }

  @Test func reusedHeapMemoryIsZeroAgain() throws {
    for _ in 0..<20 {
      let buffer = try AlignedBuffer(count: 1000)
      #expect(buffer.elements.allSatisfy { $0 == 0 })
      buffer.elements.update(repeating: 7)
    }
  }

  @Test func countsAllocations() throws {
    let before = AlignedBuffer.allocationCount
    _ = try AlignedBuffer(count: 10)
    _ = try AlignedBuffer(count: 2 << 20)
    #expect(AlignedBuffer.allocationCount >= before + 2)
  }

  @Test(arguments: [-1, Int.max, Int.max / 4, 1 << 55])
  func refusesImpossibleCounts(count: Int) {
    #expect(throws: Failure.self) { try AlignedBuffer(count: count) }
  }
}
