// Sixteen Philox4x32-10 blocks at once (Salmon et al., Parallel Random Numbers, SC 2011).
// A counter names each draw, so that no draw depends on who came first.
import PTrainKernelTypes

/// Four words of 16 consecutive blocks; lane `i` belongs to block `first + i`.
struct PhiloxWords {
  var w0: LaneBits
  var w1: LaneBits
  var w2: LaneBits
  var w3: LaneBits

  /// Counter `(block, stream, sample, epoch)`, key `(seed low, seed high)`.
  ///
  /// The words of `firstBlock` and of the 16 blocks behind its own: a round is one long chain of
  /// operations, so that two at a time cost hardly more than one.
  @inline(__always) static func pair(
    _ source: MaskSource, firstBlock: UInt32
  ) -> (PhiloxWords, PhiloxWords) {
    var first = PhiloxWords(counterOf: source, firstBlock: firstBlock)
    var second = PhiloxWords(counterOf: source, firstBlock: firstBlock &+ UInt32(lanes))
    var k0 = LaneBits(repeating: UInt32(truncatingIfNeeded: source.seed))
    var k1 = LaneBits(repeating: UInt32(truncatingIfNeeded: source.seed &>> 32))
    var round = 0
    while round < 10 {
      first.mix(k0, k1)
      second.mix(k0, k1)
      k0 = k0 &+ LaneBits(repeating: 0x9E37_79B9)
      k1 = k1 &+ LaneBits(repeating: 0xBB67_AE85)
      round += 1
    }
    return (first, second)
  }

  @inline(__always) private init(counterOf source: MaskSource, firstBlock: UInt32) {
    w0 =
      LaneBits(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)
      &+ LaneBits(repeating: firstBlock)
    w1 = LaneBits(repeating: source.stream)
    w2 = LaneBits(repeating: source.sample)
    w3 = LaneBits(repeating: source.epoch)
  }

  @inline(__always) private mutating func mix(_ k0: LaneBits, _ k1: LaneBits) {
    let first = wideProduct(w0, 0xD251_1F53)
    let second = wideProduct(w2, 0xCD9E_8D57)
    w0 = second.high ^ w1 ^ k0
    w1 = second.low
    w2 = first.high ^ w3 ^ k1
    w3 = first.low
  }
}

/// Both halves of the 64-bit products of 32-bit lanes: the high ones of even and odd lanes from one
/// 64-bit multiply each.
@inline(__always) private func wideProduct(
  _ value: LaneBits, _ factor: UInt32
) -> (low: LaneBits, high: LaneBits) {
  typealias Wide = SIMD8<UInt64>
  let lowMask = Wide(repeating: 0xffff_ffff)
  let pairs = unsafeBitCast(value, to: Wide.self)
  let wideFactor = Wide(repeating: UInt64(factor))
  let even = (pairs & lowMask) &* wideFactor
  let odd = (pairs &>> 32) &* wideFactor
  let high = (even &>> 32) | (odd & ~lowMask)
  return (value &* LaneBits(repeating: factor), unsafeBitCast(high, to: LaneBits.self))
}

enum DropoutMask {
  /// Element `e` takes word `(e / 16) % 4` of block `(e / 64) · 16 + e % 16`.
  static func draw(
    _ source: MaskSource, rate: Float, count: Int, bits: UnsafeMutablePointer<UInt32>
  ) {
    let threshold = LaneBits(repeating: UInt32(Double(rate) * 4_294_967_296))
    var target = UnsafeMutableRawPointer(bits)
    var start = 0
    while start < count {
      let end = min(start + 32 * lanes, count)
      // The newest bit enters at the top; what a group lacks is made up for at its end.
      var kept = LaneBits.zero
      var missing: UInt32 = 32
      while start < end {
        let block = UInt32(truncatingIfNeeded: start / 4)
        let (words, next) = PhiloxWords.pair(source, firstBlock: block)
        add(words, threshold, to: &kept)
        missing -= 4
        start += 4 * lanes
        guard start < end else { break }
        add(next, threshold, to: &kept)
        missing -= 4
        start += 4 * lanes
      }
      kept = kept &>> LaneBits(repeating: missing)
      target.storeBytes(of: kept, as: LaneBits.self)
      target += MemoryLayout<LaneBits>.size
    }
  }

  @inline(__always) private static func add(
    _ words: PhiloxWords, _ threshold: LaneBits, to kept: inout LaneBits
  ) {
    kept = (kept &>> 1) | notBelow(words.w0, threshold)
    kept = (kept &>> 1) | notBelow(words.w1, threshold)
    kept = (kept &>> 1) | notBelow(words.w2, threshold)
    kept = (kept &>> 1) | notBelow(words.w3, threshold)
  }

  /// The top bit of each lane: whether `a >= b`, by the borrow of `a - b`; comparisons would defeat
  /// the vectoriser here.
  @inline(__always) private static func notBelow(_ a: LaneBits, _ b: LaneBits) -> LaneBits {
    let borrow = (~a & b) | ((~a | b) & (a &- b))
    return ~borrow & LaneBits(repeating: 0x8000_0000)
  }

  static func expand(
    _ bits: UnsafePointer<UInt32>, rate: Float, count: Int, mask: MutableFloatPointer
  ) {
    var source = UnsafeRawPointer(bits)
    let factor = 1 / (1 - rate)
    var start = 0
    while start < count {
      let end = min(start + 32 * lanes, count)
      let kept = source.loadUnaligned(as: LaneBits.self)
      let whole = start + (end - start) / lanes * lanes
      let values = expandGroup(kept, factor, mask + start, (whole - start) / lanes)
      storePartial(mask + whole, values, end - whole)
      source += MemoryLayout<LaneBits>.size
      start = end
    }
  }

  /// Writes `vectors` factors and returns those of the next bit.
  @inline(__always) private static func expandGroup(
    _ kept: LaneBits, _ factor: Float, _ mask: MutableFloatPointer, _ vectors: Int
  ) -> Lanes {
    var left = kept
    var i = 0
    while i < vectors {
      storeUnaligned(mask + i * lanes, factors(left, factor))
      left &>>= 1
      i += 1
    }
    return factors(left, factor)
  }

  @inline(__always) private static func factors(_ kept: LaneBits, _ factor: Float) -> Lanes {
    let isKept = (kept & LaneBits(repeating: 1)) .!= LaneBits.zero
    return Lanes.zero.replacing(with: Lanes(repeating: factor), where: isKept)
  }
}
