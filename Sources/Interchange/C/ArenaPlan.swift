// Where values lie while a network answers: one block of memory, places used again once nobody reads them.
// Largest first, each at the lowest place that is free for as long as the value lives.

/// A buffer of a program without allocation.
struct ArenaBuffer: Equatable, Sendable {
  var count: Int
  /// Steps in which it is written or read.
  var lifetime: ClosedRange<Int>
}

struct ArenaPlan: Equatable, Sendable {
  /// In elements, in the order of the buffers.
  private(set) var offsets: [Int]
  /// Elements of the whole.
  private(set) var count = 0

  /// Places are multiples of `alignment` elements.
  init(_ buffers: [ArenaBuffer], alignment: Int) {
    offsets = [Int](repeating: 0, count: buffers.count)
    var placed: [Int] = []
    let order = buffers.indices.sorted {
      (buffers[$0].count, $1) > (buffers[$1].count, $0)
    }
    for index in order {
      let buffer = buffers[index]
      let neighbours = placed.filter { buffers[$0].lifetime.overlaps(buffer.lifetime) }
      var offset = 0
      for other in neighbours.sorted(by: { offsets[$0] < offsets[$1] })
      where offset + buffer.count > offsets[other] {
        offset = max(offset, offsets[other] + buffers[other].count)
        offset = (offset + alignment - 1) / alignment * alignment
      }
      offsets[index] = offset
      placed.append(index)
      count = max(count, offset + buffer.count)
    }
  }
}
