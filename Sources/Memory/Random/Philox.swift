// The counter-based generator behind every random number in ptrain.
// A number depends on its key and counter alone, so it is the same at any thread and rank count.

/// Philox4x32-10 (Salmon, Moraes, Dror, Shaw 2011): a bijection of the counter for every key.
package enum Philox {
  /// The four words of one counter after ten rounds.
  package static func block(counter: SIMD4<UInt32>, key: SIMD2<UInt32>) -> SIMD4<UInt32> {
    var counter = counter
    var key = key
    for _ in 0..<9 {
      counter = round(counter, key)
      key &+= SIMD2(0x9E37_79B9, 0xBB67_AE85)
    }
    return round(counter, key)
  }

  @inline(__always)
  private static func round(_ c: SIMD4<UInt32>, _ key: SIMD2<UInt32>) -> SIMD4<UInt32> {
    let even = 0xD251_1F53 * UInt64(c.x)
    let odd = 0xCD9E_8D57 * UInt64(c.z)
    return SIMD4(
      UInt32(truncatingIfNeeded: odd >> 32) ^ c.y ^ key.x, UInt32(truncatingIfNeeded: odd),
      UInt32(truncatingIfNeeded: even >> 32) ^ c.w ^ key.y, UInt32(truncatingIfNeeded: even))
  }
}
