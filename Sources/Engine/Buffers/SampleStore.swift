// Images and labels in stable memory, as workers read them.
// Workers read samples in random order: each of several nodes gets a copy of its own, or, where that
// costs too much memory, all nodes share the pages evenly.

import PTrainDatasets
import PTrainDiagnostics
import PTrainKernelTypes
import PTrainMemory

/// An image set whose addresses stay valid as long as the store lives.
final class SampleStore: @unchecked Sendable {
  let source: SampleSource
  /// What the addresses point into where there are no copies.
  private let images: ByteStore
  private let copies: [AlignedStorage]
  private let labels: UnsafeMutableBufferPointer<UInt16>
  private let constants: UnsafeMutablePointer<Float>
  private let nodePixels: UnsafeMutableBufferPointer<UnsafePointer<UInt8>>

  /// Sets up to this size are copied to every node.
  private static let replicationLimit = 256 << 20

  /// Throws `Failure(.fault)` when memory is short.
  init(
    _ set: ImageSet, _ normalization: Normalization, binding: any WorkerBinding
  ) throws {
    let images = set.pixelType == .byte ? set.images : try set.normalized(by: normalization)
    self.images = images
    copies = try Self.placements(images.count, binding).map {
      let storage = try AlignedStorage(byteCount: images.count, placement: $0)
      if let reason = storage.placementFailure { binding.report(reason) }
      storage.base.copyMemory(from: images.base, byteCount: images.count)
      return storage
    }
    labels = .allocate(capacity: set.labels.count)
    _ = labels.initialize(from: set.labels)
    nodePixels = .allocate(capacity: binding.nodeCount)
    for node in 0..<binding.nodeCount {
      let copy = copies.isEmpty ? nil : copies[min(node, copies.count - 1)]
      (nodePixels.baseAddress! + node).initialize(
        to: copy.map {
          UnsafePointer($0.base.bindMemory(to: UInt8.self, capacity: $0.byteCount))
        } ?? images.base)
    }
    let turn = set.channels * channelLanes
    constants = .allocate(capacity: 2 * turn)
    for (row, factors) in [normalization.gains, normalization.offsets].enumerated() {
      for place in 0..<turn {
        (constants + row * turn + place).initialize(to: factors[place % factors.count])
      }
    }
    source = SampleSource(
      pixels: nodePixels[0], pixelType: set.pixelType, labels: UnsafePointer(labels.baseAddress!),
      count: set.count,
      shape: ImageShape(height: set.height, width: set.width, channels: set.channels),
      gains: UnsafePointer(constants), offsets: UnsafePointer(constants + turn),
      nodePixels: UnsafePointer(nodePixels.baseAddress!))
  }

  deinit {
    labels.deallocate()
    constants.deallocate()
    nodePixels.deallocate()
  }

  /// One placement for each copy; none where one node reads the images where they are.
  private static func placements(
    _ byteCount: Int, _ binding: any WorkerBinding
  ) -> [MemoryPlacement] {
    let nodes = (0..<binding.nodeCount).compactMap(binding.memoryNode)
    guard nodes.count > 1, nodes.count == binding.nodeCount else { return [] }
    return byteCount <= replicationLimit ? nodes.map { .node($0) } : [.interleaved(nodes)]
  }
}

extension ImageSet {
  /// The network's inputs of floats, `[count, height, width, channels]`: one multiply-add a value, once for
  /// all steps, where bytes wait for the step to save memory.
  fileprivate func normalized(by normalization: Normalization) throws(Failure) -> ByteStore {
    let channels = channels
    return try ByteStore(capacity: images.count) { buffer in
      for place in 0..<valueCount {
        buffer.storeBytes(
          of: normalization.input(float(at: place), channel: place % channels),
          toByteOffset: place * MemoryLayout<Float>.size, as: Float.self)
      }
      return buffer.count
    }
  }
}
