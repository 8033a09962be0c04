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
  /// A share's limit is its part by weight, rounded up: the largest one sets the pace, so nobody
  /// gets more than that. Within the limits each cut stands where the index is a multiple of the
  /// highest power of two, which keeps the subtrees large and few. Shares are empty where there are
  /// more of them than shards.
  package func shares(of range: Range<Int>, weights: [Int]) -> [Range<Int>] {
    let total = max(weights.reduce(0, +), 1)
    let limits = weights.map { (range.count * $0 + total - 1) / total }
    var allowance = limits.reduce(0, +)
    var cut = range.lowerBound
    return limits.map { limit in
      allowance -= limit
      let first = cut
      let most = min(first + limit, range.upperBound)
      let least = max(range.upperBound - allowance, min(first + 1, most))
      cut = Self.roundest(least...most)
      return first..<cut
    }
  }

  /// The value with the most trailing zero bits; the last of several.
  private static func roundest(_ values: ClosedRange<Int>) -> Int {
    var step = 1
    while values.upperBound / (2 * step) * (2 * step) >= values.lowerBound, 2 * step <= values.upperBound {
      step *= 2
    }
    return values.upperBound / step * step
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
