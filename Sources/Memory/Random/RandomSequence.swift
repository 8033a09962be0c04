// A cursor over a random stream, for draws that may have to be repeated.
// Unbiased bounded integers reject some words, so their place in the stream is not fixed.

/// Draws the words of a stream one after the other.
package struct RandomSequence: Sendable {
  private let stream: RandomStream
  private var element = 0
  /// Those of the last run of 64 that was begun: a block gives four words, some elements apart.
  private var words = [UInt32](repeating: 0, count: 64)

  package init(_ stream: RandomStream) { self.stream = stream }

  /// The next word of the stream.
  package mutating func next() -> UInt32 {
    let (run, place) = element.quotientAndRemainder(dividingBy: 64)
    if place == 0 { stream.words(run: run, into: &words) }
    element += 1
    return words[place]
  }

  /// An integer of 0..<bound, all equally likely (Lemire 2019); `bound` is at least 1.
  package mutating func next(below bound: UInt32) -> UInt32 {
    precondition(bound > 0, "an integer below 0 does not exist")
    var product = UInt64(next()) * UInt64(bound)
    if UInt32(truncatingIfNeeded: product) < bound {
      // 2^32 mod bound low values would be drawn once too often.
      let threshold = (0 &- bound) % bound
      while UInt32(truncatingIfNeeded: product) < threshold {
        product = UInt64(next()) * UInt64(bound)
      }
    }
    return UInt32(truncatingIfNeeded: product >> 32)
  }
}
