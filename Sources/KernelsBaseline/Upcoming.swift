// Memory that the next pass reads or writes, asked for while the products keep the core busy.
// Activations of a minibatch come from the L3 cache or beyond; the products need neither.
import CShims
import KernelTypes

/// Floats to be had in the L2 cache soon; they may lie beyond a buffer's end, a hint has no effect
/// there.
struct Upcoming {
  var start: FloatPointer
  var count: Int

  /// Asks for one of `parts` equal parts.
  @inline(never) func fetch(part: Int, of parts: Int) {
    var i = count * part / parts / lanes * lanes
    let end = count * (part + 1) / parts
    while i < end {
      ptrain_prefetch(start + i)
      i += lanes
    }
  }
}
