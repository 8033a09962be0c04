// Chains of multiply-adds that stay in registers, as many as hide the latency of the units.
// Twelve vectors do on two units of four cycles; of narrow ones several make up a `Lanes`.
import KernelTypes

extension VariantKernels {
  package var operationsPerTurn: Int { PeakProbe.triples * 3 * lanes * 2 }

  package func multiplyAddChains(turns: Int, factor: Float, summand: Float) -> Float {
    PeakProbe.run(turns, Lanes(repeating: factor), Lanes(repeating: summand))
  }
}

/// Three chains, which start at different values so that none is another's copy.
private struct Chains {
  var x: Lanes
  var y: Lanes
  var z: Lanes

  @inline(__always) init(_ start: Float) {
    x = Lanes(repeating: start)
    y = Lanes(repeating: start + 1)
    z = Lanes(repeating: start + 2)
  }

  @inline(__always) mutating func turn(_ factor: Lanes, _ summand: Lanes) {
    x = multiplyAdd(x, factor, summand)
    y = multiplyAdd(y, factor, summand)
    z = multiplyAdd(z, factor, summand)
  }

  @inline(__always) var sum: Float { laneSum(x) + laneSum(y) + laneSum(z) }
}

enum PeakProbe {
  #if KERNELS_AVX512
    static var triples: Int { 4 }
  #elseif KERNELS_AVX2
    static var triples: Int { 2 }
  #else
    static var triples: Int { 1 }
  #endif

  static func run(_ turns: Int, _ factor: Lanes, _ summand: Lanes) -> Float {
    #if KERNELS_AVX512
      var (a, b, c, d) = (Chains(0), Chains(3), Chains(6), Chains(9))
    #elseif KERNELS_AVX2
      var (a, b) = (Chains(0), Chains(3))
    #else
      var a = Chains(0)
    #endif
    var turn = 0
    while turn < turns {
      a.turn(factor, summand)
      #if KERNELS_AVX2 || KERNELS_AVX512
        b.turn(factor, summand)
      #endif
      #if KERNELS_AVX512
        c.turn(factor, summand)
        d.turn(factor, summand)
      #endif
      turn += 1
    }
    #if KERNELS_AVX512
      return a.sum + b.sum + c.sum + d.sum
    #elseif KERNELS_AVX2
      return a.sum + b.sum
    #else
      return a.sum
    #endif
  }
}
