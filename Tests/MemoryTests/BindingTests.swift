// Binding threads and memory for real, as far as this machine has CPUs and nodes.

import Foundation
import Testing

@testable import PTrainMemory

@Suite struct BindingTests {
  /// Runs `body` on a thread of its own, whose affinity nobody else needs.
  private func onThread<R: Sendable>(_ body: @escaping @Sendable () -> R) -> R {
    nonisolated(unsafe) var result: R?
    let done = DispatchSemaphore(value: 0)
    let thread = Thread {
      result = body()
      done.signal()
    }
    thread.start()
    done.wait()
    return result!
  }

  @Test func aBoundThreadHasOnlyItsCPUs() throws {
    let cpu = try #require(ThreadAffinity.current()?.min())
    let set = onThread { () -> CPUSet? in
      guard (try? ThreadAffinity.bind(to: CPUSet([cpu]))) != nil else { return nil }
      return ThreadAffinity.current()
    }
    #expect(set == CPUSet([cpu]))
  }

  @Test func bindingToNothingOrToAMissingCPUFails() {
    let failures = onThread { () -> [Bool] in
      [CPUSet(), CPUSet([CPUSet.limit - 1])].map { set in
        (try? ThreadAffinity.bind(to: set)) == nil
      }
    }
    #expect(failures == [true, true])
  }

  private static let node = Topology.read().nodes.first(where: \.hasMemory)?.id

  /// Sandboxes may forbid both asking for a node and asking where a page is.
  private static let canPlace: Bool = {
    guard let node, let buffer = try? AlignedBuffer(count: 10, node: node) else { return false }
    buffer.elements.update(repeating: 1)
    return buffer.placementFailure == nil && buffer.node(ofElement: 0) != nil
  }()

  @Test(arguments: [10, 3 << 20])
  func bufferForANodeIsUsable(count: Int) throws {
    let node = try #require(Self.node)
    let buffer = try AlignedBuffer(count: count, node: node)
    #expect(buffer.elements.allSatisfy { $0 == 0 })
    buffer.elements.update(repeating: 1)
    #expect(buffer.elements.allSatisfy { $0 == 1 })
  }

  @Test(.enabled(if: canPlace, "this system lets nobody place memory"), arguments: [10, 3 << 20])
  func bufferLiesOnItsNode(count: Int) throws {
    let node = try #require(Self.node)
    let buffer = try AlignedBuffer(count: count, node: node)
    buffer.elements.update(repeating: 1)
    #expect(buffer.placementFailure == nil)
    for element in [0, count - 1] { #expect(buffer.node(ofElement: element) == node) }
  }

  @Test func interleavedStorageIsUsable() throws {
    let nodes = Topology.read().nodes.filter(\.hasMemory).map(\.id)
    let storage = try AlignedStorage(byteCount: 100_000, placement: .interleaved(nodes))
    #expect(UInt(bitPattern: storage.base) % 64 == 0)
    storage.base.storeBytes(of: 7, toByteOffset: 99_992, as: Int.self)
    #expect(storage.base.load(fromByteOffset: 0, as: Int.self) == 0)
  }

  @Test func aMissingNodeIsReportedAndTheMemoryWorks() throws {
    let buffer = try AlignedBuffer(count: 5, node: 900)
    #expect(buffer.placementFailure != nil)
    buffer.elements.update(repeating: 2)
    #expect(buffer.elements.allSatisfy { $0 == 2 })
  }
}
