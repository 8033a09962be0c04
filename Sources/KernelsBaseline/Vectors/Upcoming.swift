// Memory that the next pass reads or writes, asked for while the products keep the core busy.
// Activations of a minibatch come from the L3 cache or beyond; the products need neither.
import CPTrainShims
import PTrainKernelTypes

/// Floats to be had in the L2 cache soon; they may lie beyond a buffer's end, a hint has no effect
/// there.
struct Upcoming {
  var start: FloatPointer
  var count: Int

  /// Asks for one of `parts` parts of as many cache lines each; the last may have fewer.
  @inline(__always) func fetch(part: Int, of parts: Int) {
    // One division, by a constant or by what a loop does not change.
    let length = ceilingDivide(count, parts * lanes) * lanes
    fetchLines(start + part * length, min(length, count - part * length))
  }
}

@inline(never) private func fetchLines(_ start: FloatPointer, _ count: Int) {
  var i = 0
  while i < count {
    ptrain_prefetch(start + i)
    i += lanes
  }
}
