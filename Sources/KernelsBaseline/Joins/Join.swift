// Values that meet element by element: sums of branches, products with gates of channels.
// Each is one pass at the speed of memory.
import PTrainKernelTypes

enum Join {
  @inline(never) static func add(_ count: Int, _ x: FloatPointer, _ y: MutableFloatPointer) {
    var i = 0
    while i < count {
      store(y + i, load(y + i) + load(x + i))
      i += lanes
    }
  }

  @inline(never) static func multiply(
    _ count: Int, _ x: FloatPointer, _ factor: FloatPointer, _ y: MutableFloatPointer
  ) {
    var i = 0
    while i < count {
      store(y + i, load(x + i) * load(factor + i))
      i += lanes
    }
  }

  /// One block of `scaleChannels`.
  @inline(never) static func scale(
    _ pixels: Int, _ x: FloatPointer, _ factors: FloatPointer, _ y: MutableFloatPointer
  ) {
    let factors = load(factors)
    var i = 0
    while i < pixels * lanes {
      store(y + i, load(x + i) * factors)
      i += lanes
    }
  }

  /// One block of `channelProducts`: a chain over even pixels and one over odd, for the latency.
  @inline(never) static func products(
    _ pixels: Int, _ x: FloatPointer, _ y: FloatPointer, _ result: MutableFloatPointer
  ) {
    var even = Lanes.zero
    var odd = Lanes.zero
    let end = pixels * lanes
    var i = 0
    while i + 2 * lanes <= end {
      even = multiplyAdd(load(x + i), load(y + i), even)
      odd = multiplyAdd(load(x + i + lanes), load(y + i + lanes), odd)
      i += 2 * lanes
    }
    if i < end { even = multiplyAdd(load(x + i), load(y + i), even) }
    store(result, even + odd)
  }
}
