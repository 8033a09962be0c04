// Where buffers lie in one piece of memory of which each needs a part for some time only: what never meets may
// lie over each other.
// Largest first, each at the lowest place that is free for as long as the buffer lives.

/// A part of an arena.
package struct ArenaBuffer: Equatable, Sendable {
  package var count: Int
  /// Steps in which it is written or read.
  package var lifetime: ClosedRange<Int>

  package init(count: Int, lifetime: ClosedRange<Int>) {
    self.count = count
    self.lifetime = lifetime
  }
}

/// A place for each of a list of buffers.
package struct ArenaPlan: Equatable, Sendable {
  /// In elements, in the order of the buffers.
  package private(set) var offsets: [Int]
  /// Elements of the whole.
  package private(set) var count = 0

  /// Places are multiples of `alignment` elements.
  package init(_ buffers: [ArenaBuffer], alignment: Int) {
    offsets = [Int](repeating: 0, count: buffers.count)
    /// Buffers that have a place, in the order of the places.
    var placed: [Int] = []
    let order = buffers.indices.filter { buffers[$0].count > 0 }
      .sorted { (buffers[$0].count, $1) > (buffers[$1].count, $0) }
    for index in order {
      let buffer = buffers[index]
      var offset = 0
      for other in placed where buffers[other].lifetime.overlaps(buffer.lifetime) {
        if offset + buffer.count <= offsets[other] { break }
        let end = offsets[other] + buffers[other].count
        offset = max(offset, (end + alignment - 1) / alignment * alignment)
      }
      offsets[index] = offset
      placed.insert(index, at: placed.firstIndex { offsets[$0] > offset } ?? placed.count)
      count = max(count, offset + buffer.count)
    }
  }
}
