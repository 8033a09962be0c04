// Sum of slots by a pairwise tree over their index: the same bits for any number of workers.
// A binary counter of partial sums gives exactly the tree that goes level by level.
import PTrainKernelTypes

enum TreeSum {
  static func run(
    slots: FloatPointer, stride: Int, slotCount: Int, count: Int, result: MutableFloatPointer
  ) {
    // 4 levels of 64 floats or 16 levels of 16.
    withStackVectors { stack in
      var i = 0
      while slotCount < 128 && i + Quad.count <= count {
        let sum = tree(slotCount, stack) { Quad(slots + $0 * stride + i) }
        sum.store(result + i)
        i += Quad.count
      }
      while i + lanes <= count {
        let sum = tree(slotCount, stack) { Single(slots + $0 * stride + i) }
        sum.store(result + i)
        i += lanes
      }
      let left = count - i
      if left > 0 {
        let sum = tree(slotCount, stack) { Single(loadPartial(slots + $0 * stride + i, left)) }
        storePartial(result + i, sum.x, left)
      }
    }
  }

  /// The same tree of `BatchMoments`.
  static func run(
    slots: FloatPointer, stride: Int, slotCount: Int, blocks: Int, result: MutableFloatPointer
  ) {
    // 16 levels.
    withManyStackVectors { stack in
      var block = 0
      while block < blocks {
        let joined = tree(slotCount, stack) { Part(Moments(slots + $0 * stride, block)) }
        joined.moments.store(result, block)
        if block == blocks - 1 { storeUnaligned(result, joined.moments.count) }
        block += 1
      }
    }
  }

  /// Eight slots a leaf in registers; `stack[level]` holds a finished subtree of `8 · 2^level` slots.
  @inline(__always) private static func tree<T: Summand>(
    _ count: Int, _ stack: MutableFloatPointer, _ slot: (Int) -> T
  ) -> T {
    let whole = count / 8
    var leaf = 0
    while leaf < whole {
      var sum = eight(leaf * 8, slot)
      var level = 0
      while (leaf &>> level) & 1 == 1 {
        sum = T(stack + level * T.count).adding(sum)
        level += 1
      }
      sum.store(stack + level * T.count)
      leaf += 1
    }
    return merge(whole, rest(whole * 8, count % 8, slot), count % 8 > 0, stack)
  }

  /// The unfinished subtrees, smallest first.
  @inline(__always) private static func merge<T: Summand>(
    _ whole: Int, _ rest: T, _ hasRest: Bool, _ stack: MutableFloatPointer
  ) -> T {
    var sum = rest
    var started = hasRest
    var level = 0
    while whole &>> level > 0 {
      if (whole &>> level) & 1 == 1 {
        let part = T(stack + level * T.count)
        sum = started ? part.adding(sum) : part
        started = true
      }
      level += 1
    }
    return sum
  }

  @inline(__always) private static func eight<T: Summand>(_ j: Int, _ slot: (Int) -> T) -> T {
    four(j, slot).adding(four(j + 4, slot))
  }

  @inline(__always) private static func four<T: Summand>(_ j: Int, _ slot: (Int) -> T) -> T {
    two(j, slot).adding(two(j + 2, slot))
  }

  @inline(__always) private static func two<T: Summand>(_ j: Int, _ slot: (Int) -> T) -> T {
    slot(j).adding(slot(j + 1))
  }

  /// Fewer than eight slots.
  @inline(__always) private static func rest<T: Summand>(
    _ j: Int, _ count: Int, _ slot: (Int) -> T
  ) -> T {
    switch count {
    case 0: T()
    case 1: slot(j)
    case 2: two(j, slot)
    case 3: two(j, slot).adding(slot(j + 2))
    case 4: four(j, slot)
    case 5: four(j, slot).adding(slot(j + 4))
    case 6: four(j, slot).adding(two(j + 4, slot))
    default: four(j, slot).adding(two(j + 4, slot).adding(slot(j + 6)))
    }
  }
}

/// Some floats of a slot.
private protocol Summand {
  static var count: Int { get }
  init()
  init(_ pointer: FloatPointer)
  func adding(_ other: Self) -> Self
  func store(_ pointer: MutableFloatPointer)
}

private struct Single: Summand {
  var x = Lanes.zero

  @inline(__always) static var count: Int { lanes }
  @inline(__always) init() {}
  @inline(__always) init(_ x: Lanes) { self.x = x }
  @inline(__always) init(_ pointer: FloatPointer) { x = loadUnaligned(pointer) }
  @inline(__always) func adding(_ other: Single) -> Single { Single(x + other.x) }
  @inline(__always) func store(_ pointer: MutableFloatPointer) { storeUnaligned(pointer, x) }
}

/// A block of batch statistics; on the stack one vector behind the other.
private struct Part: Summand {
  var moments: Moments

  @inline(__always) static var count: Int { 3 * lanes }
  @inline(__always) init() { moments = Moments(count: .zero, mean: .zero, squares: .zero) }
  @inline(__always) init(_ moments: Moments) { self.moments = moments }
  @inline(__always) init(_ pointer: FloatPointer) { moments = Moments(pointer, 0) }
  @inline(__always) func adding(_ other: Part) -> Part {
    Part(moments.joined(with: other.moments))
  }
  @inline(__always) func store(_ pointer: MutableFloatPointer) {
    storeUnaligned(pointer, moments.count)
    moments.store(pointer, 0)
  }
}

/// 64 floats: whole runs of a slot, which the processor fetches ahead.
private struct Quad: Summand {
  var a = Single()
  var b = Single()
  var c = Single()
  var d = Single()

  @inline(__always) static var count: Int { 4 * lanes }
  @inline(__always) init() {}
  @inline(__always) init(_ a: Single, _ b: Single, _ c: Single, _ d: Single) {
    self.a = a
    self.b = b
    self.c = c
    self.d = d
  }
  @inline(__always) init(_ pointer: FloatPointer) {
    a = Single(pointer)
    b = Single(pointer + lanes)
    c = Single(pointer + 2 * lanes)
    d = Single(pointer + 3 * lanes)
  }
  @inline(__always) func adding(_ other: Quad) -> Quad {
    Quad(a.adding(other.a), b.adding(other.b), c.adding(other.c), d.adding(other.d))
  }
  @inline(__always) func store(_ pointer: MutableFloatPointer) {
    a.store(pointer)
    b.store(pointer + lanes)
    c.store(pointer + 2 * lanes)
    d.store(pointer + 3 * lanes)
  }
}
