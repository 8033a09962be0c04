// Sum of slots by a pairwise tree over their index: the same bits for any number of workers.
// A binary counter of partial sums gives exactly the tree that goes level by level.
import KernelTypes

enum TreeSum {
  static func run(
    slots: FloatPointer, stride: Int, slotCount: Int, count: Int, result: MutableFloatPointer
  ) {
    withUnsafeTemporaryAllocation(byteCount: 64 * lanes * 4, alignment: 64) { bytes in
      let stack = bytes.baseAddress.unsafelyUnwrapped.assumingMemoryBound(to: Float.self)
      var i = 0
      while i + lanes <= count {
        let sum = tree(slotCount, stack) { loadUnaligned(slots + $0 * stride + i) }
        storeUnaligned(result + i, sum)
        i += lanes
      }
      let left = count - i
      if left > 0 {
        let sum = tree(slotCount, stack) { loadPartial(slots + $0 * stride + i, left) }
        storePartial(result + i, sum, left)
      }
    }
  }

  /// Eight slots a leaf in registers; `stack[level]` holds a finished subtree of `8 · 2^level` slots.
  @inline(__always) private static func tree(
    _ count: Int, _ stack: MutableFloatPointer, _ slot: (Int) -> Lanes
  ) -> Lanes {
    let whole = count / 8
    var leaf = 0
    while leaf < whole {
      var sum = eight(leaf * 8, slot)
      var level = 0
      while (leaf &>> level) & 1 == 1 {
        sum = load(stack + level * lanes) + sum
        level += 1
      }
      store(stack + level * lanes, sum)
      leaf += 1
    }
    return merge(whole, rest(whole * 8, count % 8, slot), count % 8 > 0, stack)
  }

  /// The unfinished subtrees, smallest first.
  @inline(__always) private static func merge(
    _ whole: Int, _ rest: Lanes, _ hasRest: Bool, _ stack: MutableFloatPointer
  ) -> Lanes {
    var sum = rest
    var started = hasRest
    var level = 0
    while whole &>> level > 0 {
      if (whole &>> level) & 1 == 1 {
        let part = load(stack + level * lanes)
        sum = started ? part + sum : part
        started = true
      }
      level += 1
    }
    return sum
  }

  @inline(__always) private static func eight(_ j: Int, _ slot: (Int) -> Lanes) -> Lanes {
    four(j, slot) + four(j + 4, slot)
  }

  @inline(__always) private static func four(_ j: Int, _ slot: (Int) -> Lanes) -> Lanes {
    (slot(j) + slot(j + 1)) + (slot(j + 2) + slot(j + 3))
  }

  /// Fewer than eight slots.
  @inline(__always) private static func rest(
    _ j: Int, _ count: Int, _ slot: (Int) -> Lanes
  ) -> Lanes {
    switch count {
    case 0: .zero
    case 1: slot(j)
    case 2: slot(j) + slot(j + 1)
    case 3: (slot(j) + slot(j + 1)) + slot(j + 2)
    case 4: four(j, slot)
    case 5: four(j, slot) + slot(j + 4)
    case 6: four(j, slot) + (slot(j + 4) + slot(j + 5))
    default: four(j, slot) + ((slot(j + 4) + slot(j + 5)) + slot(j + 6))
    }
  }
}
