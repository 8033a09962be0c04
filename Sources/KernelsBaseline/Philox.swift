// Sixteen Philox4x32-10 blocks at once (Salmon et al., Parallel Random Numbers, SC 2011).
// A counter names each draw, so that no draw depends on who came first.
import KernelTypes

/// Four words of 16 consecutive blocks; lane `i` belongs to block `first + i`.
struct PhiloxWords {
  var w0: LaneBits
  var w1: LaneBits
  var w2: LaneBits
  var w3: LaneBits

  /// Counter `(block, stream, sample, epoch)`, key `(seed low, seed high)`.
  @inline(__always) init(_ source: MaskSource, firstBlock: UInt32) {
    var k0 = UInt32(truncatingIfNeeded: source.seed)
    var k1 = UInt32(truncatingIfNeeded: source.seed &>> 32)
    w0 =
      LaneBits(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)
      &+ LaneBits(repeating: firstBlock)
    w1 = LaneBits(repeating: source.stream)
    w2 = LaneBits(repeating: source.sample)
    w3 = LaneBits(repeating: source.epoch)
    var round = 0
    while round < 10 {
      let first = wideProduct(w0, 0xD251_1F53)
      let second = wideProduct(w2, 0xCD9E_8D57)
      w0 = second.high ^ w1 ^ LaneBits(repeating: k0)
      w1 = second.low
      w2 = first.high ^ w3 ^ LaneBits(repeating: k1)
      w3 = first.low
      k0 = k0 &+ 0x9E37_79B9
      k1 = k1 &+ 0xBB67_AE85
      round += 1
    }
  }
}

/// Both halves of the 64-bit products of 32-bit lanes: even and odd lanes in one 64-bit multiply each.
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
  let low = (even & lowMask) | (odd &<< 32)
  return (unsafeBitCast(low, to: LaneBits.self), unsafeBitCast(high, to: LaneBits.self))
}

enum DropoutMask {
  /// Element `e` takes word `(e / 16) % 4` of block `(e / 64) · 16 + e % 16`.
  static func run(
    _ source: MaskSource, rate: Float, count: Int, mask: MutableFloatPointer
  ) {
    let threshold = UInt32(Double(rate) * 4_294_967_296)
    let kept = 1 / (1 - rate)
    var start = 0
    while start < count {
      let words = PhiloxWords(source, firstBlock: UInt32(truncatingIfNeeded: start / 4))
      let target = mask + start
      put(words.w0, threshold, kept, target, count - start)
      put(words.w1, threshold, kept, target + lanes, count - start - lanes)
      put(words.w2, threshold, kept, target + 2 * lanes, count - start - 2 * lanes)
      put(words.w3, threshold, kept, target + 3 * lanes, count - start - 3 * lanes)
      start += 4 * lanes
    }
  }

  @inline(__always) private static func put(
    _ words: LaneBits, _ threshold: UInt32, _ kept: Float, _ target: MutableFloatPointer,
    _ left: Int
  ) {
    let dropped = words .< LaneBits(repeating: threshold)
    let values = Lanes(repeating: kept).replacing(with: Lanes.zero, where: dropped)
    if left >= lanes {
      storeUnaligned(target, values)
    } else if left > 0 {
      storePartial(target, values, left)
    }
  }
}
