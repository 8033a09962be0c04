// The pairwise tree over shard indices: who sums which subtrees, and how their sums are joined.
// Ranks and nodes work on whole subtrees, so a sum has the same bits wherever its parts were added.

/// The tree that `treeSum` adds slots by: level by level, neighbours `2k` and `2k + 1`, an odd last one
/// moves up unchanged.
///
/// A subtree is the range of shards below one of its vertices: it starts at a multiple of a power of
/// two and holds as many shards as that power, or all that are left.
package struct ShardTree: Equatable, Sendable {
  package let shardCount: Int

  package init(shardCount: Int) { self.shardCount = shardCount }

  /// The fewest subtrees that make up `range`, in order.
  package func subtrees(of range: Range<Int>) -> [Range<Int>] {
    var subtrees: [Range<Int>] = []
    var first = range.lowerBound
    while first < range.upperBound {
      let end = endOfSubtree(from: first, within: range.upperBound)
      subtrees.append(first..<end)
      first = end
    }
    return subtrees
  }

  private func endOfSubtree(from first: Int, within limit: Int) -> Int {
    var size = 1
    while first % (2 * size) == 0, first + size < shardCount,
      min(first + 2 * size, shardCount) <= limit
    {
      size *= 2
    }
    return min(first + size, shardCount)
  }

  /// Cuts `range` into one contiguous share for each weight.
  ///
  /// Every share is its part by weight, rounded down or up, since the largest one sets the pace. Of
  /// the two places where a cut may then stand it takes the rounder one, that of the higher power of
  /// two, which keeps the subtrees large and few.
  package func shares(of range: Range<Int>, weights: [Int]) -> [Range<Int>] {
    let total = max(weights.reduce(0, +), 1)
    let least = weights.map { range.count * $0 / total }
    let most = weights.map { (range.count * $0 + total - 1) / total }
    var cut = range.lowerBound
    return weights.indices.map { index in
      let first = cut
      let others = index + 1..<weights.count
      let lowest = max(first + least[index], range.upperBound - most[others].reduce(0, +))
      let highest = min(first + most[index], range.upperBound - least[others].reduce(0, +))
      cut = highest.trailingZeroBitCount > lowest.trailingZeroBitCount ? highest : lowest
      return first..<cut
    }
  }

  /// Adding the sum at `source` to the one at `target`; both are indices of the joined parts.
  package struct Addition: Equatable, Sendable {
    package var target: Int
    package var source: Int
  }

  /// Additions, in order, that turn the sums of `parts` into those of the subtrees that make up their
  /// union; each subtree's sum ends at its first part.
  ///
  /// - Parameter parts: subtrees, in order, without gaps.
  package func additions(joining parts: [Range<Int>]) -> [Addition] {
    guard let first = parts.first, let last = parts.last else { return [] }
    var additions: [Addition] = []
    var next = 0
    func join(_ subtree: Range<Int>) -> Int {
      if parts[next] == subtree {
        next += 1
        return next - 1
      }
      let middle = subtree.lowerBound + Self.leftSize(subtree.count)
      let target = join(subtree.lowerBound..<middle)
      additions.append(Addition(target: target, source: join(middle..<subtree.upperBound)))
      return target
    }
    for subtree in subtrees(of: first.lowerBound..<last.upperBound) { _ = join(subtree) }
    return additions
  }

  /// The largest power of two below `count`: shards under the left of a vertex's two branches.
  private static func leftSize(_ count: Int) -> Int {
    var size = 1
    while 2 * size < count { size *= 2 }
    return size
  }
}
